"""Everything Boardhand is tried on: a real cluster and forge, and stand-ins for the board and the model.

Nothing in here ships. What only stands in for a vendor's service says so in its name and on its pages.
"""
