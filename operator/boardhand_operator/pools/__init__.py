"""What a pool's worker does: check, poll, listen to people, make TicketRuns, let go of old ones."""
