"""Gitea and Forgejo issues as the board: labels are the columns, entries of a timeline the events."""
