"""A stand-in for the part of Gitea's REST API that opens pull requests, in memory. It is not Gitea.

End-to-end tests use a real Gitea (testbed/forge); this one counts every call, and fails on demand, for chaos and load.
"""
