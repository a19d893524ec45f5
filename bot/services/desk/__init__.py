"""What agents work with: presence, assignment, drafts, notes, replies to pick, later messages, reviews."""
