"""Recomputes the contact rules from two exported files, and from nothing else."""
