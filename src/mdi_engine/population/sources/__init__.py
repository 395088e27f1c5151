"""What each source writes of people and products, with all that goes wrong on the way."""
