"""A stand-in for Azure DevOps: one organisation with its projects, their work items, boards and service hooks.

Source: https://learn.microsoft.com/en-us/rest/api/azure/devops/ , version 7.1. Repositories and pull requests stand in
modules of their own, on the same application.
"""
