"""People: their names, titles, numbers and professions."""
