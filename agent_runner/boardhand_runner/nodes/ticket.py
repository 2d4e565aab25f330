"""The ticket, and what earlier attempts at it came to, as prompts show them."""

from __future__ import annotations

from collections.abc import Sequence

from boardhand_api.failures import FailureClass
from boardhand_api.run import Earlier
from boardhand_api.ticket import Checklist, Linked, Ticket, TicketComment


def ticket_text(ticket: Ticket, newer: Sequence[TicketComment] = ()) -> str:
    """Title, labels, body, structure and comments as plain text; fenced by the prompt, since anybody may have written
    it. newer: what was said since an earlier attempt was given the ticket."""
    parts = [f"Title: {ticket.title}"]
    if ticket.labels:
        parts.append(f"Labels: {', '.join(ticket.labels)}")
    if ticket.priority:
        parts.append(f"Priority: {ticket.priority}")
    parts.append(ticket.body.strip())
    parts += [_checklist(one) for one in ticket.checklists if one.items]
    parts += [_linked("Attachments, which cannot be opened:", ticket.attachments), _linked("Links:", ticket.links)]
    parts += [_comment("Comment", one) for one in ticket.comments]
    parts += [_comment("New since the earlier attempt, comment", one) for one in newer]
    if ticket.left_out:
        parts.append(f"({ticket.left_out} more, of people who are not members of the board, are left out.)")
    return "\n\n".join(part for part in parts if part)


def _comment(head: str, comment: TicketComment) -> str:
    return f"{head} by {comment.author or 'somebody'}:\n{comment.text.strip()}"


def _checklist(found: Checklist) -> str:
    lines = [f"- [{'x' if item.done else ' '}] {item.text.strip()}" for item in found.items]
    return "\n".join([f"Checklist {found.name}:".replace(" :", ":"), *lines])


def _linked(head: str, found: Sequence[Linked]) -> str:
    return "\n".join([head, *(f"- {one.name} {one.url}".rstrip() for one in found)]) if found else ""


def earlier_text(earlier: Sequence[Earlier], room: int) -> str:
    """The earlier attempts as plain text, the newest last: so many of the newest as `room` characters take, but that
    one always, cut to fit. Fenced by the prompt: a model wrote it, and programs that it wrote."""
    told: list[str] = []
    for one in reversed(earlier):
        text = _attempt(one, room)
        if told and len(text) > room:
            break
        told.insert(0, text)
        room -= len(text)
    return "\n\n".join(told)


def _attempt(one: Earlier, room: int) -> str:
    """One attempt: of its summary the head, of the output the tail."""
    ended = (
        f"failed: {one.failure_class}, {one.reason}: {one.message[: room // 4]}" if one.failure_class else "succeeded."
    )
    parts = [f"Attempt {one.attempt}{f' ({one.specialist})' if one.specialist else ''} {ended}"]
    if one.failure_class is FailureClass.NEEDS_INFO:
        parts.append("That was its question to a person. Look for the answer in the ticket and its comments.")
    if one.summary:
        parts.append(f"What it said of its work:\n{one.summary[: room // 4].strip()}")
    if one.tampering:
        parts.append(f"What it took from the tests without being asked to: {'; '.join(one.tampering)[: room // 8]}")
    if one.output:
        parts.append(f"The end of what the failing verify command printed:\n{one.output[-(room // 4) :].strip()}")
    return "\n".join(parts)
