"""Trello as the board: lists are the columns, actions of a board the events."""
