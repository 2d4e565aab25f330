"""A stand-in for the part of Gitea's REST API for pull requests and for issues as a board, in memory. It is not Gitea.

End-to-end tests use a real Gitea (testbed/forge); this one counts every call, and fails on demand, for chaos and load.
"""
