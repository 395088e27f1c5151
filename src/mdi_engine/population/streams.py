"""Streams of random numbers: each purpose has its own, so that what one draws changes nothing elsewhere.

A stream is named by the seed, the number of the block (or EVERYWHERE), the purpose, and the month where it matters.
"""

HOUSEHOLDS, PLACES, NAMES, NUMBERS, FATES, RECORDS, DEFECTS, MENDING, REGISTRY, STAFF, STAFF_LISTS = range(11)
EVERYWHERE = 1_000_000  # beyond all blocks
