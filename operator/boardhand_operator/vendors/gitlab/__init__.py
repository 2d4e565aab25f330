"""What GitLab as the board and GitLab as the forge share: the client, its errors, a project's rights and webhooks."""
