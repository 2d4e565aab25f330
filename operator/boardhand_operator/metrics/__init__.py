"""Prometheus metrics, on a port of their own. Only `served` is to be imported, and only where they are asked for."""
