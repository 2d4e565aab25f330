"""GitLab as the forge: merge requests of one project."""
