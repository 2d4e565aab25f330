"""A pool's budget: what is pure of it, and the one place that writes it."""
