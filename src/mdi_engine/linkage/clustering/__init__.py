"""From weighed pairs to who is who."""
