"""Grace: polite payment reminders, plans within policy, people when it matters."""
