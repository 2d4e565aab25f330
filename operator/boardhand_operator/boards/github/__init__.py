"""GitHub as the board: issues with labels as columns, and Projects with their Status field."""
