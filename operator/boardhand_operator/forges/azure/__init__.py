"""Azure Repos as the forge."""
