"""Decisions: pure functions of a snapshot, a policy and an instant."""
