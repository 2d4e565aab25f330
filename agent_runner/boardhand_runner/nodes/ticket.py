"""The ticket as prompts show it."""

from __future__ import annotations

from boardhand_api.run import Ticket


def ticket_text(ticket: Ticket) -> str:
    """Title, labels, body and comments as plain text; fenced by the prompt, since anybody may have written it."""
    parts = [f"Title: {ticket.title}"]
    if ticket.labels:
        parts.append(f"Labels: {', '.join(ticket.labels)}")
    parts.append(ticket.body.strip())
    parts += [f"Comment by {comment.author or 'somebody'}:\n{comment.text.strip()}" for comment in ticket.comments]
    return "\n\n".join(part for part in parts if part)
