"""What the operator has seen, and whose turn it is. Memory, never the truth."""
