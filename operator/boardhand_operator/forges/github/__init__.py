"""GitHub and GitHub Enterprise as the forge."""
