"""The testbed's forge: a real Gitea, compiled from its Go module and run as a process."""
