"""GitLab issues as the board: labels are the columns, label events the events."""
