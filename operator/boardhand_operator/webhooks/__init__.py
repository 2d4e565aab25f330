"""Calls from outside that wake a poll: taken, checked, passed on. What they say is never used."""
