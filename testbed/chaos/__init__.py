"""Chaos: two operators on a real API server, with boards and forges that fail, while everything is killed in turn.

`python -m testbed.chaos [--short] [--tickets N] [--seed N]`. What was done is then counted at the stand-ins and in the
cluster: every ticket must have become one succeeded Job, branch, pull request, final comment and move, never two.
"""
