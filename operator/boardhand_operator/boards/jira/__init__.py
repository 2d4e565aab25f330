"""Jira as the board: statuses of a project are the columns, the workflow's transitions the moves, its changelog the
events. Cloud and Data Center are one code; where they differ is a dialect."""
