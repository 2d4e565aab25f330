"""Azure DevOps work items as the board."""
