"""What the records say: reports now, graded claims later."""
