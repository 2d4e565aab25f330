"""One ticket through the stages as local processes: what `boardhand-runner run` does, and what suites do alike."""
