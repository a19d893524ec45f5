"""Grace's adapters beside what they replace: both sides run in Rasa's own environment, on the same input."""
