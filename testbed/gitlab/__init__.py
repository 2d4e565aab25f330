"""A stand-in for the part of GitLab's REST API for issues as a board and merge requests, in memory. It is not GitLab.

Its answers are held to what is recorded of GitLab's documentation; it fails on demand.
"""
