"""Files as they come, read to rows of text with what is wrong named."""
