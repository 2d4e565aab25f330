"""What people say to Boardhand in comments, and what it does about it: pure.

A command is the first line of a comment: `/boardhand retry`, `stop`, `budget N` or `approve`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from boardhand_operator.boards import Card, Comment
from boardhand_operator.boards.markers import find_claims, find_closing, find_replies
from boardhand_operator.boards.ticket import ticket_of
from boardhand_operator.decide.outcome import attempt_spent
from boardhand_operator.pools import plans
from boardhand_operator.pools.intake import next_attempt
from boardhand_operator.texts.words import code
from boardhand_operator.views import Pool, Run

_LINE_CHARACTERS = 200
_COMMAND = re.compile(r"/boardhand(?:\s+(\S+)(?:\s+(.*))?)?", re.IGNORECASE)
_AMOUNT = re.compile(r"\$?([0-9]{1,9}(?:\.[0-9]{1,4})?)(?:\s*(?:\$|USD))?", re.IGNORECASE)
KNOWN = "`/boardhand retry`, `/boardhand stop`, `/boardhand budget 5` (US dollars) and `/boardhand approve`"


@dataclass(frozen=True)
class Command:
    """What a comment asks for."""

    word: str
    """Lower case; empty where only `/boardhand` stands there."""
    argument: str = ""


@dataclass(frozen=True)
class Answer:
    """What is done, and what is replied once it is."""

    text: str
    cancel: tuple[Run, ...] = ()
    again: bool = False
    """Whether the ticket goes to the ready column by a new event."""
    money: Decimal | None = None
    """US dollars that the next attempt may use."""
    plan: str = ""
    """Digest of the plan that the next attempt follows."""


def parse(text: str) -> Command | None:
    """The command in the first line of a comment, or None."""
    line = text.partition("\n")[0].strip()
    found = _COMMAND.fullmatch(line) if len(line) <= _LINE_CHARACTERS else None
    return Command((found[1] or "").lower(), (found[2] or "").strip()) if found else None


def may(author: str, people: Mapping[str, str], named: Sequence[str] | None) -> bool:
    """Whether somebody may command.

    author: their id. people: the board's members, their unique names by id. named: names or ids that the pool allows;
    None: every member.
    """
    if author not in people:
        return False
    allowed = {one.removeprefix("@").casefold() for one in named or ()}
    return named is None or author.casefold() in allowed or people[author].casefold() in allowed


def concerns(pool: Pool, card: Card, runs: Iterable[Run], sharing: Sequence[Pool]) -> bool:
    """Whether it is this pool that answers for the ticket: the one whose claim was the last, else whose run; for a
    ticket that nobody has had, the first of those that would take it.

    sharing: the pools of the ticket's board that are known, this one among them.
    """
    claims = [claim for claim in find_claims(card.comments) if claim.pool in {one.uid for one in sharing}]
    if claims:
        return claims[-1].pool == pool.uid
    if last := _last(runs):
        return last.spec.pool == pool.name
    takers = [one for one in sharing if _takes(one, card)] or sharing
    return min(takers, key=lambda one: (one.namespace, one.name)).uid == pool.uid


def judge(command: Command, pool: Pool, card: Card, runs: Sequence[Run], at: datetime) -> Answer:
    """What to do about a command on a ticket. runs: those of the ticket in the pool's namespace. at: when it was said,
    by the board's clock."""
    match command.word:
        case "retry":
            return _again(pool, card, runs)
        case "stop":
            return _stop(pool, runs)
        case "budget":
            return _budget(command.argument, pool, card, runs)
        case "approve":
            return _approve(command.argument, pool, card, runs, at)
    said = f"I do not know {code(command.word)}. " if command.word else ""
    return Answer(f"{said}I know {KNOWN}.")


def granted(comments: Iterable[Comment], runs: Iterable[Run], pool: Pool) -> Decimal | None:
    """US dollars that the ticket's next run may use in place of the pool's limit; None: that one.

    An amount holds for one attempt: from our reply to the claim that follows, and for the run after one that spent
    no attempt. Never more than the pool allows now.
    """
    said = sorted(comments, key=lambda one: (one.created_at, one.id))
    claims = find_claims(said)
    fresh = [one for one in find_replies(said) if not claims or one.created_at > claims[-1].created_at]
    money = next((one.money for one in reversed(fresh) if one.money is not None), None)
    last = _last(runs)
    if money is None and last and last.status.phase.finished and not attempt_spent(last.status):
        money = last.spec.money
    most = pool.spec.policy.commands.money
    return None if money is None or most is None else min(money, most)


def _again(pool: Pool, card: Card, runs: Sequence[Run], money: Decimal | None = None) -> Answer:
    if refused := _no_attempt(pool, card, runs):
        return Answer(refused)
    assert pool.spec.board is not None
    attempt, most, ready = next_attempt(runs), pool.spec.limits.attempts, pool.spec.board.columns.ready
    text = f"Attempt {attempt} of {most}: the ticket is in **{ready}** and is taken when it is its turn."
    if money is not None:
        text += f" The attempt may use {money} US dollars."
    if pool.spec.suspend:
        text += f" The pool {code(pool.name)} is suspended and takes no ticket now."
    return Answer(text, again=True, money=money)


def _approve(argument: str, pool: Pool, card: Card, runs: Sequence[Run], at: datetime) -> Answer:
    """Of the plan that stands on the ticket, and of the ticket as it was then; of nothing that came later."""
    found = plans.waiting(pool, runs)
    told = found and find_closing(card.comments, found[0].uid)
    if found is None or any(not run.status.phase.finished for run in runs):
        return Answer("Nothing waits for an approval.")
    run, plan = found
    anew = "`/boardhand retry` has a new plan made."
    if argument and not plan.digest.startswith(argument.casefold()):
        return Answer(f"The plan that waits is {code(plan.digest[: plans.SHOWN])}, not {code(argument)}.")
    if told is None or any(one.id == told and one.created_at >= at for one in card.comments):
        return Answer("The plan was not on the ticket yet when that was said: read it, then say it again.")
    if plans.digest_of(plan.text, ticket_of(card)) != plan.digest:
        return Answer(f"The ticket asks for something else since that plan was made, so it holds no more. {anew}")
    where = run.status.delivery.column if run.status.delivery else None
    assert pool.spec.board is not None
    # In the ready column by our own doing: this command was cut off before it was answered.
    if card.column != where and not (card.column == pool.spec.board.columns.ready and card.moved_by_us):
        return Answer(f"The ticket was moved since that plan was made, so it is set aside. {anew}")
    answer = _again(pool, card, runs)
    if not answer.again:
        return answer
    text = f"Plan {code(plan.digest[: plans.SHOWN])} is approved. {answer.text}"
    return Answer(text, again=True, plan=plan.digest)


def _no_attempt(pool: Pool, card: Card, runs: Sequence[Run]) -> str | None:
    """Why there is no next attempt now, or None."""
    under_way = next((run for run in runs if not run.status.phase.finished), None)
    if under_way:
        return f"Run {code(under_way.name)} of this ticket has not ended yet. `/boardhand stop` ends it."
    if not _takes(pool, card):
        label = pool.spec.board.label if pool.spec.board else None
        return f"The ticket lacks the label {code(label or '')}, without which the pool {code(pool.name)} takes none."
    most = pool.spec.limits.attempts
    if next_attempt(runs) > most:
        return (
            f"No attempt is left: {most} of {most} are spent. Raise `spec.limits.attempts` of the pool"
            f" {code(pool.name)}, then say it again."
        )
    return None


def _stop(pool: Pool, runs: Sequence[Run]) -> Answer:
    under_way = tuple(run for run in runs if run.spec.pool == pool.name and not run.status.phase.finished)
    if under_way:
        return Answer(f"Run {', '.join(code(run.name) for run in under_way)} is told to stop.", cancel=under_way)
    last = _last(runs)
    if last and last.spec.cancel:
        return Answer(f"Run {code(last.name)} was told to stop, and has ended.")
    return Answer("No run of this ticket is under way.")


def _budget(argument: str, pool: Pool, card: Card, runs: Sequence[Run]) -> Answer:
    most, found = pool.spec.policy.commands.money, _AMOUNT.fullmatch(argument)
    if most is None:
        return Answer(
            f"The pool {code(pool.name)} takes no amounts from comments (its `spec.policy.commands.money` is not set)."
        )
    if found is None or not Decimal(found[1]):
        return Answer("Say how much the next attempt may use, such as `/boardhand budget 5` (US dollars).")
    budget = pool.spec.budget
    most = min([most, *(cap for cap in (budget and budget.day, budget and budget.month) if cap)])
    if Decimal(found[1]) > most:
        where = "`spec.policy.commands.money` and `spec.budget`"
        return Answer(f"At most {most} US dollars, as the pool {code(pool.name)} says ({where}).")
    return _again(pool, card, runs, Decimal(found[1]))


def _takes(pool: Pool, card: Card) -> bool:
    """Whether the ticket bears the label by which the pool takes tickets."""
    return pool.spec.board is not None and (pool.spec.board.label is None or pool.spec.board.label in card.labels)


def _last(runs: Iterable[Run]) -> Run | None:
    return max(runs, key=lambda run: (str(run.body["metadata"].get("creationTimestamp")), run.name), default=None)
