"""What runs inside Rasa: components, policy, texts and channel."""
