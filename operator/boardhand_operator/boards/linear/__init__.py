"""Linear as the board."""
