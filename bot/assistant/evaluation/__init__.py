"""How well the assistant reads: measured on sentences that training never saw, and between two models."""
