"""What publish checks, and from where it pushes."""
