"""Invented people: households, names, numbers, homes, work, and the hospitals they go to."""
