"""Places: facilities, addresses and regions."""
