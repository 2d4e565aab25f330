"""What Gitea and Forgejo have in common as the board and as the forge: lists in pages, webhooks."""
