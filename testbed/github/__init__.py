"""A stand-in for the part of GitHub's REST and GraphQL API that boards and forges use, in memory. It is not GitHub.

Where more is added: a table of endpoints to `testbed.github.app.TABLES`, what a repository remembers to
`testbed.github.models.Repository`, what tokens may do to `testbed.github.state.Token`.
"""
