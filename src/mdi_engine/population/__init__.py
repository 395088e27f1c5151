"""Invented hospitals (later people, workers, medicines) and their extracts, with the truth; seeded."""
