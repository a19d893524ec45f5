"""Custom actions for the Rasa action server: read the turn, call one service, say what came of it."""
