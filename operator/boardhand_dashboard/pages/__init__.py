"""Pages by theme: each module has its `routes`."""
