"""Languages, pure and light: both environments import it."""
