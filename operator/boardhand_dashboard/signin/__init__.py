"""Who comes in: by token, by a proxy, by a one-time address; how often, and for how long."""
