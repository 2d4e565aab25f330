"""What became of runs, kept longer than their objects: a database, and who fills it."""
