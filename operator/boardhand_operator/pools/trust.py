"""Whose word counts on a board: which tickets are taken, and what of them the model reads. Pure.

Moving a ticket into the ready column is the order to work on it, so it is asked who did that; and where the board does
not tell, who wrote the ticket. What strangers changed after that order was not ordered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from boardhand_api.counts import printable
from boardhand_api.policy import Comments, Policy, Trigger
from boardhand_api.pool_status import Condition
from boardhand_operator.boards import Card
from boardhand_operator.boards.markers import find_claims, find_replies
from boardhand_operator.decide.conditions import with_condition
from boardhand_operator.views import Pool

EXAMPLES = 5
"""So many of the tickets that are left alone are named."""
_NAME = 40
_KIND = "Trigger"


@dataclass(frozen=True)
class Circle:
    """Who is trusted on a board."""

    people: Mapping[str, str]
    """The members' unique names by their ids."""
    teams: frozenset[str] = field(default_factory=frozenset)
    """Ids of those in the teams that the pool names."""


def asks(policy: Policy) -> bool:
    """Whether it has to be known who the board's members are."""
    return not policy.trigger.anyone or policy.comments is Comments.MEMBERS


def may_trigger(who: str, circle: Circle, trigger: Trigger) -> bool:
    """Whether somebody's tickets are taken. who: their id; empty: not known, and never trusted.

    Names count only of members, since anybody else may take one; an id is nobody else's.
    """
    if not who:
        return False
    if trigger.authors is None and not trigger.teams:
        return who in circle.people
    named = {one.removeprefix("@").casefold() for one in trigger.authors or ()}
    name = circle.people.get(who, "").casefold()
    return who in circle.teams or who.casefold() in named or bool(name and name in named)


def refusal(pool: Pool, card: Card, circle: Circle) -> str | None:
    """Why the ticket is left alone, as half a sentence, or None. card: as `Board.read` gives it."""
    trigger = pool.spec.policy.trigger
    if trigger.anyone or set(trigger.labels) & set(card.labels):
        return None
    if not card.moved_by_us and (why := _who(card, circle, trigger)):
        return why
    ordered = _ordered_at(pool, card)
    for edit in card.edits:
        if edit.at > ordered and edit.by not in circle.people and not may_trigger(edit.by, circle, trigger):
            return f"changed by {_named(edit.name)} after it was moved in: read it, and move it in again"
    return None


def _who(card: Card, circle: Circle, trigger: Trigger) -> str | None:
    if card.moved_by:
        allowed = may_trigger(card.moved_by, circle, trigger)
        return None if allowed else f"moved in by {_named(card.mover or card.moved_by)}"
    if not card.author_id:
        return "who moved it in is not known: move it out and in again"
    allowed = may_trigger(card.author_id, circle, trigger)
    return None if allowed else f"written by {_named(card.author or card.author_id)}"


def _ordered_at(pool: Pool, card: Card) -> datetime:
    """When a person last ordered the work: what we moved back ourselves was ordered by a command, or before."""
    if not card.moved_by_us:
        return card.entered_at
    said = {comment.id: comment.created_at for comment in card.comments}
    times = [said[reply.to] for reply in find_replies(card.comments) if reply.to in said]
    times += [claim.created_at for claim in find_claims(card.comments) if claim.pool == pool.uid][:1]
    return max(times, default=card.entered_at)


def shown(card: Card, policy: Policy, circle: Circle) -> tuple[Card, int]:
    """The card as the model may see it, and how many comments are not on it any more."""
    if policy.comments is Comments.ALL:
        return card, 0
    kept = tuple(one for one in card.comments if one.by_us or one.author_id in circle.people)
    links = tuple(link for link in card.links if link.by is None or link.by in circle.people)
    return replace(card, comments=kept, links=links), len(card.comments) - len(kept)


def told(left_alone: Mapping[str, str]) -> str:
    """The tickets that are left alone, in one sentence. left_alone: why, by their keys."""
    some = [f"{_named(key)} ({why})" for key, why in sorted(left_alone.items())[:EXAMPLES]]
    more = f" and {len(left_alone) - EXAMPLES} more" if len(left_alone) > EXAMPLES else ""
    are = "ticket is" if len(left_alone) == 1 else "tickets are"
    return (
        f"{len(left_alone)} {are} left alone, since spec.policy.trigger does not allow them: {', '.join(some)}{more}. "
        "A member's own move into the ready column has a ticket taken."
    )


def with_trigger(
    conditions: Sequence[Condition], pool: Pool, left_alone: Mapping[str, str], now: datetime
) -> list[Condition]:
    """The pool's conditions with the one that says which tickets are left alone; there is none before the first."""
    if left_alone:
        return with_condition(conditions, _KIND, False, "LeftAlone", told(left_alone), now, pool.generation)
    if all(condition.type != _KIND for condition in conditions):
        return list(conditions)
    return with_condition(
        conditions, _KIND, True, "AllHeeded", "no ticket of the ready column is left alone", now, pool.generation
    )


def _named(name: str) -> str:
    """A name that a stranger chose: one short line, without what a page would read as markup."""
    plain = "".join(letter if letter.isalnum() or letter in " #._-@" else "?" for letter in printable(name))
    plain = " ".join(plain.split())
    return (plain if len(plain) <= _NAME else plain[: _NAME - 1] + "…") or "somebody"
