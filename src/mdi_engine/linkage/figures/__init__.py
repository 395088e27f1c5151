"""A linkage in numbers that can be drawn."""
