"""What people write down about a linkage task, and what training learned of it."""
