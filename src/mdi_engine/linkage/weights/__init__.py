"""From pairs of records to levels and match weights."""
