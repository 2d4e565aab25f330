"""Gitea and Forgejo as the forge."""
