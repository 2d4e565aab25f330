"""The agent stage, from the order to the result.

Nothing heavy is imported at the top, but in the order of its need: first what asks the small model who takes the
ticket, and while that thinks and the git server starts, the rest.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, TextIO

from boardhand_api.failures import LIMITS
from boardhand_api.order import Order
from boardhand_api.policy import OnLimit
from boardhand_api.result import Refusal, Result
from boardhand_runner.errors import Infrastructure, RunnerError
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.history import ANALYST
from boardhand_runner.models import library
from boardhand_runner.nodes.kept import kept_words, put_back
from boardhand_runner.persistence import used
from boardhand_runner.persistence.lock import held
from boardhand_runner.repository import Repository
from boardhand_runner.settings import Settings
from boardhand_runner.surroundings import Surroundings
from boardhand_runner.transcript import Transcript, secrets_below
from boardhand_runner.usage import Ledger

if TYPE_CHECKING:
    from boardhand_runner.state import State

log = logging.getLogger(__name__)

SUMMARY_CHARACTERS, TITLE_CHARACTERS = 20_000, 300
LEFT_OUT_SHOWN = 10


def main(
    settings: Settings,
    order: Order,
    out: TextIO = sys.stdout,
    surroundings: Surroundings | None = None,
) -> Result:
    """Run the agent and write its events to `out`, the result last. The workbench is ended before that.

    Never raises a RunnerError: its class and reason stand in the result, beside what was used until then.
    """
    around = surroundings or Surroundings(FifoWorkbench(settings))
    transcript = Transcript(out, secrets_below(settings.secrets))
    ledger = Ledger(order.limits)
    transcript.started(order.run)
    last: State = {}
    failure: RunnerError | None = None
    with ExitStack() as stack:
        try:
            if order.persistent:
                stack.enter_context(held(settings))
                used.go_on(settings, ledger)
            asyncio.run(_run(settings, order, around, ledger, transcript, last))
        except RunnerError as error:
            failure = error
        try:
            around.workbench.close()
        except Infrastructure as error:
            # What the model started may still be alive: nothing must come after this stage.
            failure = error
        if failure is not None and hands_over(order, last, failure):
            _hand_over(settings, order, last, failure)
    result = result_of(last, ledger, transcript, failure)
    transcript.ended(result)
    return result


async def _run(
    settings: Settings, order: Order, around: Surroundings, ledger: Ledger, transcript: Transcript, last: State
) -> None:
    with _no_collection():
        from boardhand_runner.models.asking import Asking
        from boardhand_runner.prompts.boundary import boundary
        from boardhand_runner.routing import Routing

        small = around.minds(order.small, settings.small_secret)
        asking = Asking(order, small, ledger, transcript, fence=boundary(order.run))
        routing = Routing(asking)
    try:
        if not order.persistent:
            # A run that outlives its pod may know the answer already.
            await routing.begin()
        with _no_collection():
            import boardhand_runner.tools.mcp_git  # noqa: F401 - before the thread: what both import is then there
        # The git server takes most of a second to start; the other libraries are imported meanwhile.
        imports = asyncio.create_task(asyncio.to_thread(_import_libraries, order))
        async with around.git_tools(settings) as git, around.pool_tools(settings, order.mcp_servers) as pool:
            await imports
            from boardhand_runner.work import work

            await work(settings, asking, routing, around, git, pool, last)
    finally:
        await routing.close()


def _import_libraries(order: Order) -> None:
    with _no_collection():
        importlib.import_module("boardhand_runner.work")
        library(order.large.provider)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Thousands of modules are imported and none of them is garbage; to look for it takes a fifth of the time."""
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def hands_over(order: Order, state: State, failure: RunnerError) -> bool:
    """Whether what is there is committed although the run was ended: by a limit, in the middle of work on a change."""
    working = bool(state.get("messages")) and state.get("specialist") != ANALYST
    return working and failure.failure_class in LIMITS and order.on_limit is OnLimit.DRAFT


def _hand_over(settings: Settings, order: Order, state: State, failure: RunnerError) -> None:
    """Commits what is there; the state then tells of it. What ended the run stays what ended it, whatever git says."""
    try:
        repository = Repository(settings)
        kept = put_back(order, repository)
        commit = repository.commit(order.ticket.title)
        left = repository.left_out()
    except Infrastructure as error:
        log.warning("nothing is handed over: %s", error)
        return
    if commit is None:
        return
    parts = [f"**Unfinished:** {failure.message}", _left_behind(state), *_not_in_it([*left, *kept_words(kept)])]
    state["commit"], state["limited"] = commit, True
    state["title"] = order.ticket.title
    state["summary"] = "\n\n".join(part for part in parts if part)


def result_of(state: State, ledger: Ledger, transcript: Transcript, failure: RunnerError | None) -> Result:
    """The stage's answer, told from the graph's last state."""
    about = Result(
        specialist=state.get("specialist", ""),
        base_commit=state.get("base"),
        usage=ledger.total(),
        steps=ledger.steps,
        resumed=ledger.resumed,
    )
    if failure is not None:
        refusal = failure.refusal()
        message = transcript.clean(refusal.message)
        about = about.model_copy(update={"failure": Refusal(**{**dict(refusal), "message": message})})
        if not state.get("limited"):
            said = transcript.clean(_left_behind(state))[:SUMMARY_CHARACTERS]
            return about.model_copy(update={"summary": said})
    return about.model_copy(
        update={
            "commit": state.get("commit"),
            "title": transcript.clean(state.get("title", ""))[:TITLE_CHARACTERS],
            "summary": transcript.clean(summary_of(state))[:SUMMARY_CHARACTERS],
            # A limit ends the work after the last gate, so what that one saw is not about this commit.
            "evidence": None if state.get("limited") else state.get("evidence"),
            "partial": state.get("partial", False) or state.get("limited", False),
        }
    )


def _left_behind(state: State) -> str:
    if not state.get("messages"):
        return ""
    # Not at the top: what it needs is long imported once there are messages, and takes long where there are none.
    from boardhand_runner.left_behind import left_behind

    return left_behind(state)


def summary_of(state: State) -> str:
    """The model's words, and below them what the harness knows and a reviewer must not miss."""
    if "why" not in state:
        return state["summary"]
    parts = [state["why"].strip()]
    if state["partial"]:
        parts.append(f"**Unfinished:** {state['unfinished']}")
    return "\n\n".join([*parts, *_not_in_it(state.get("left_out", []))])


def _not_in_it(left: Sequence[str]) -> list[str]:
    """What the agent's commands made and no commit takes, as the pull request says it."""
    more = f"; and {len(left) - LEFT_OUT_SHOWN} more" if len(left) > LEFT_OUT_SHOWN else ""
    return [f"**Not in this change:** {'; '.join(left[:LEFT_OUT_SHOWN])}{more}."] if left else []
