"""A soak: many borrowers and agents for minutes, processes killed at random; then everything is counted."""
