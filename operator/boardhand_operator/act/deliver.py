"""Telling the forge, the board and the pool what came of a run, once each; then letting go of it."""

from __future__ import annotations

from datetime import UTC, datetime

from boardhand_api.pod import LABEL_SETTLED
from boardhand_operator import words
from boardhand_operator.act.doing import Doing, Gone
from boardhand_operator.act.volume import remove
from boardhand_operator.after.labels import settling
from boardhand_operator.boards import Board
from boardhand_operator.boards.claims import close
from boardhand_operator.boards.markers import find_claims
from boardhand_operator.decide import observe
from boardhand_operator.decide.conditions import with_condition
from boardhand_operator.errors import Misconfigured, NotFound
from boardhand_operator.forges import Proposal
from boardhand_operator.forges.address import require_page
from boardhand_operator.kube import Resource
from boardhand_operator.minted import keep
from boardhand_operator.names import job_name
from boardhand_operator.sealed import keep as sealed


async def open_pull_request(doing: Doing, draft: bool) -> None:
    """Open the pull request of the run's branch, or find the one that is open, and note it.

    At a plain git remote the branch is all there is, and the ticket is told its name.
    """
    run, pool = doing.run, doing.its_pool
    forge = await doing.services.forge(pool)
    spec = pool.spec.forge
    if forge is None or spec is None or run.status.branch is None:
        raise Misconfigured("ForgeMissing", f"pool {pool.name} has no forge to open a pull request at")
    if not forge.pull_requests:
        doing.said.append(f"branch {run.status.branch} is pushed")
        return
    template = await forge.template() if spec.template else None
    title, body = words.pull_request_title(run), words.pull_request_body(run, pool, template)
    base = pool.spec.repository.branch
    wanted = Proposal(run.status.branch, base, title, body, draft, spec.labels, spec.reviewers)
    opened = await forge.open_pull_request(wanted)
    require_page(opened.number, opened.url)
    doing.note({"pullRequest": opened.wire()})
    doing.said.append(f"{'draft ' if opened.draft else ''}pull request {opened.url}")


async def close_ticket(doing: Doing, column: str | None) -> None:
    """Write the closing comment and move the ticket. A ticket deleted meanwhile is told nothing more."""
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


async def settle(doing: Doing) -> None:
    """Give the run's volume and its tokens back, and take the run, its Jobs and their pods out of the watches.

    A Job whose pod succeeded leaves them by itself, in the second that its controller takes to count.
    """
    run = doing.run
    await remove(doing)
    await keep.remove(doing)
    await sealed.remove(doing)
    patch = {"metadata": {"labels": {LABEL_SETTLED: "true"}}}
    for number in range(1, run.status.tries + 1):
        name = job_name(run.name, number)
        pod = doing.store.pod_of(run.namespace, name)
        if pod is not None:
            await doing.kube.patch(Resource.PODS, run.namespace, pod["metadata"]["name"], patch)
        job = doing.store.get(Resource.JOBS, (run.namespace, name))
        if job is not None and not observe.succeeded(pod):
            await doing.kube.patch(Resource.JOBS, run.namespace, name, patch)
    labels = settling(run, doing.pool)
    body = await doing.kube.patch(Resource.RUNS, run.namespace, run.name, {"metadata": {"labels": labels}})
    if body is None:
        raise Gone(run.name)
    doing.store.wrote(Resource.RUNS, body)
    doing.services.settled(body)
