"""Measured speed, each beside what one would otherwise write; run `make bench`."""
