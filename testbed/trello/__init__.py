"""A stand-in for Trello's REST API: a test board over real HTTP, in memory. It is not trello.com."""
