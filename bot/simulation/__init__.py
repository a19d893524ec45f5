"""Synthetic borrowers on the movable clock, through the real planner, rules and services."""
