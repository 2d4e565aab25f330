"""HTTP to boards and forges: one transport, bounded, careful, with one tree of errors."""
