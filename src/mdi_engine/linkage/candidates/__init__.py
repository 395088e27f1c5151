"""Which pairs are looked at at all."""
