"""What a file holds, column by column, and what is odd about it."""
