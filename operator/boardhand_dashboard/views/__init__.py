"""What pages show, made of rows, logs and records."""
