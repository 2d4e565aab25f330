"""A stand-in for Linear: one workspace with its teams, over the part of Linear's own schema that is asked for.

Source: https://linear.app/developers ; the schema is that of npm's @linear/sdk, and queries are really executed on it.
"""
