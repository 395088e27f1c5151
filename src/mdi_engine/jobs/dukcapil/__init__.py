"""Asking the civil registry (Dukcapil) whether what a record says of a person is so: a port, and two that serve it."""
