"""Credentials sealed in a pool: opened in memory for board and forge, and into a Secret of the run for its stages."""
