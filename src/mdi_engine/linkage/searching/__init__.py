"""One record against many, held in memory: the same candidates and millibits as a batch, and new records put in."""
