"""Telling the forge, the board and the pool what came of a run, once each."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from boardhand_api.failures import FailureClass
from boardhand_api.run_status import Failure
from boardhand_operator.act.doing import Doing
from boardhand_operator.boards import Board
from boardhand_operator.boards.claims import close
from boardhand_operator.boards.markers import find_claims
from boardhand_operator.decide import observe
from boardhand_operator.decide.conditions import with_condition
from boardhand_operator.decide.delivery import BRANCH_DELETED
from boardhand_operator.errors import Misconfigured, NotFound, Remote
from boardhand_operator.forges import Forge, Proposal
from boardhand_operator.forges.address import require_page
from boardhand_operator.kube import Resource
from boardhand_operator.texts import words

BRANCH_GONE = timedelta(minutes=15)
"""From a run's end: a pushed branch that its forge does not have then was deleted."""
UNTOLD = timedelta(hours=3)
"""From a run's end: the ticket of a run that is called off is not told any more where its board still refuses. One
that is down for an hour is waited for."""


async def open_pull_request(doing: Doing, draft: bool) -> bool:
    """Open the pull request of the run's branch, or find the one that is open, and note it; whether to go on.

    At a plain git remote the branch is all there is, and the ticket is told its name. Where the branch is gone for
    good, that is recorded as what came of the run.
    """
    run, pool = doing.run, doing.its_pool
    forge = await doing.services.forge(pool)
    spec = pool.spec.forge
    if forge is None or spec is None or run.status.branch is None:
        raise Misconfigured("ForgeMissing", f"pool {pool.name} has no forge to open a pull request at")
    if not forge.pull_requests:
        doing.said.append(f"branch {run.status.branch} is pushed")
        return True
    template = await forge.template() if spec.template else None
    title, body = words.pull_request_title(run), words.pull_request_body(run, pool, template)
    base = pool.spec.repository.branch
    wanted = Proposal(run.status.branch, base, title, body, draft, spec.labels, spec.reviewers)
    try:
        opened = await forge.open_pull_request(wanted)
    except NotFound:
        if not (_since_its_end(doing) >= BRANCH_GONE and await _only_head_is_gone(forge, wanted)):
            raise
        await _record_gone(doing, wanted.head)
        return False
    require_page(opened.number, opened.url)
    doing.note({"pullRequest": opened.wire()})
    doing.said.append(f"{'draft ' if opened.draft else ''}pull request {opened.url}")
    return True


async def _only_head_is_gone(forge: Forge, wanted: Proposal) -> bool:
    """Whether the forge has the base and not the branch. A repository or base that is gone is the pool's to mend."""
    return await forge.head(wanted.head) is None and await forge.head(wanted.base) is not None


async def _record_gone(doing: Doing, branch: str) -> None:
    """A run that failed anyhow keeps why; of one that did not, this is what came of it."""
    status = doing.run.status
    text = (
        f"branch {branch}, pushed at commit {status.commit}, is at the forge no more and has no open pull request:"
        " somebody deleted it, or merged it by hand. Whoever still has the commit can push it again; to have the work"
        " done anew, move the ticket back to the ready column"
    )
    failure = status.failure or Failure(failure_class=FailureClass.CANCELLED, reason=BRANCH_DELETED, message=text)
    await doing.record({"failure": failure.wire(), "branch": None, "phase": status.phase.value}, text)
    await doing.tell(BRANCH_DELETED, text, warning=True)


def _since_its_end(doing: Doing) -> timedelta:
    ended = doing.run.status.finished_at
    return datetime.now(UTC) - observe.parse_time(ended) if ended else timedelta(0)


async def close_ticket(doing: Doing, column: str | None) -> None:
    """Write the closing comment and move the ticket. A ticket deleted meanwhile is told nothing more, nor is one whose
    run is called off while its board refuses for long: a cancel ends every run."""
    try:
        await _close(doing, column)
    except (Remote, Misconfigured) as refused:
        if not (doing.run.spec.cancel and _since_its_end(doing) >= UNTOLD):
            raise
        doing.note({"delivery": {}})
        doing.said.append(f"the ticket is not told: {refused}")


async def _close(doing: Doing, column: str | None) -> None:
    run, pool = doing.run, doing.its_pool
    board = await doing.services.board(pool)
    if board is None:
        raise Misconfigured("BoardMissing", f"run {run.name} came from a board, and pool {pool.name} has none")
    ticket = run.spec.ticket
    try:
        if not await _is_its(doing, board):
            doing.note({"delivery": {}})
            doing.said.append("the ticket was not this run's, and is told nothing")
            return
        comment = await close(board, ticket.id, run.uid, words.closing_comment(run, pool))
        if column is not None:
            await board.move(ticket.id, column)
    except NotFound:
        doing.note({"delivery": {}})
        doing.said.append("the ticket is gone from the board")
        return
    delivery = {"comment": comment, "column": column}
    doing.note({"delivery": {key: value for key, value in delivery.items() if value is not None}})
    doing.said.append(f"ticket {ticket.key or ticket.id} is " + (f"in {column}" if column else "told"))


async def _is_its(doing: Doing, board: Board) -> bool:
    """Whether the run has the ticket, or waited for it where it still is. Whoever may make runs is not to have any card
    of the board moved, and a run that waits does not end that of another cluster."""
    run, pool = doing.run, doing.its_pool
    ticket = run.spec.ticket
    if doing.elsewhere:
        return False
    if run.status.claim is not None or pool.spec.board is None:
        return True
    card = await board.read(ticket.id)
    if card is not None and (card.column, card.event) == (pool.spec.board.columns.ready, ticket.event):
        return True
    return any(mark.uid == run.uid for mark in find_claims(await board.comments(ticket.id)))


async def flag_pool(doing: Doing, reason: str, message: str) -> None:
    """Say on the pool that it fails its runs; its own worker takes no ticket until it is mended."""
    pool = doing.its_pool
    if pool.spec_generation != pool.generation:
        # The spec that failed is not the pool's any more.
        return
    conditions = with_condition(
        pool.status.conditions, "Configured", False, reason, message, datetime.now(UTC), pool.generation
    )
    conditions = with_condition(conditions, "Ready", False, reason, message, datetime.now(UTC), pool.generation)
    patch = {"status": {"conditions": [condition.wire() for condition in conditions]}}
    body = await doing.kube.patch(Resource.POOLS, pool.namespace, pool.name, patch, "status")
    if body is not None:
        doing.store.wrote(Resource.POOLS, body)
