"""Bitbucket Cloud as the forge."""
