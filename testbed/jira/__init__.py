"""A stand-in for the part of Jira's REST API that a board needs, Cloud (v3) and Data Center (v2), in memory. It is not
Jira: its workflow leads from each status to each, its search understands a few clauses, and it calls no webhook."""
