"""From records and a model to parameters."""
