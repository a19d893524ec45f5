"""Written terms of a plan: a picture, dates for a calendar, an agreement. Pure: facts in, bytes out."""
