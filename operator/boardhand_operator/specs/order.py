"""The order: what a run's pod is told."""

from __future__ import annotations

from boardhand_api.fingerprints import Fingerprints
from boardhand_api.order import Order, OrderLimits
from boardhand_api.pod import ORDER_BYTES, Stage
from boardhand_api.policy import PROTECTED
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.result import POD_TERMINATION_BYTES, TERMINATION_BYTES
from boardhand_api.run import TicketRunSpec
from boardhand_api.ticket import Newer
from boardhand_operator.credentials import bare
from boardhand_operator.errors import Misconfigured
from boardhand_operator.money.budget import money_of
from boardhand_operator.names import branch_name
from boardhand_operator.texts.fitting import smaller

_AGENT_SHARE = 0.8


def build_order(
    name: str,
    pool: CodingAgentSpec,
    run: TicketRunSpec,
    told: Fingerprints | None = None,
    newer: Newer | None = None,
) -> Order:
    """The order of the run `name`; the agent gets four fifths of the deadline, the rest is for the proof. `told`:
    fingerprints of the pool's secrets. newer: what was said on the ticket since.

    What is too long for an annotation loses what the attempts before the last one told, then the ticket's oldest
    comments, then what the last attempt told, then what `fitting` names. Raises Misconfigured where the pool's
    own commands leave no room.
    """
    order = Order(
        run=name,
        task=run.task,
        attempt=run.attempt,
        ticket=run.ticket.model_copy(update={"left_out": newer.left_out}) if newer else run.ticket,
        newer=newer.comments if newer else [],
        earlier=list(run.earlier),
        plan=run.plan,
        repository=pool.repository.url,
        base_branch=pool.repository.branch,
        branch=branch_name(run.ticket, run.attempt),
        large=bare(pool.models.large),
        small=bare(pool.models.small or pool.models.large),
        workdir=pool.repository.workdir or "",
        sparse=list(pool.repository.sparse),
        submodules=pool.repository.submodules,
        setup=list(pool.workbench.setup),
        verify=list(pool.workbench.verify),
        require_tests=pool.policy.require_tests,
        tests_must_fail_on_base=pool.policy.tests_must_fail_on_base,
        on_limit=pool.policy.on_limit,
        message_bytes=_message_bytes(pool),
        persistent=pool.persistence is not None,
        mcp_servers=[server.model_copy(update={"sealed": None}) for server in pool.mcp_servers],
        protected_paths=list(PROTECTED if pool.policy.protected_paths is None else pool.policy.protected_paths),
        allow_protected=list(pool.policy.allow_protected),
        change_bytes=pool.policy.change_bytes,
        change_files=pool.policy.change_files,
        file_bytes=pool.policy.file_bytes,
        fingerprints=told or Fingerprints(),
        limits=_limits(pool, run),
    )
    return _fitting(order)


def _limits(pool: CodingAgentSpec, run: TicketRunSpec) -> OrderLimits:
    limits = pool.limits
    return OrderLimits(
        steps=limits.steps,
        tokens=limits.tokens,
        money=money_of(run, pool),
        deadline_seconds=max(1, int(limits.deadline_seconds * _AGENT_SHARE)),
        command_timeout_seconds=min(limits.deadline_seconds, pool.workbench.command_timeout_seconds),
        model_patience_seconds=limits.model_patience_seconds,
    )


def _message_bytes(pool: CodingAgentSpec) -> int:
    containers = len(Stage) + len(pool.workbench.services)
    return min(TERMINATION_BYTES, POD_TERMINATION_BYTES // containers)


def _fitting(order: Order) -> Order:
    while len(order.model_dump_json(by_alias=True).encode()) > ORDER_BYTES:
        ticket = order.ticket
        if len(order.earlier) > bool(ticket.comments or order.newer):
            order = order.model_copy(update={"earlier": order.earlier[1:]})
            continue
        if order.newer and not ticket.comments:
            order = order.model_copy(update={"newer": order.newer[1:]})
            continue
        less = smaller(ticket)
        if less is None:
            raise Misconfigured(
                "OrderTooLong",
                f"spec.workbench: set-up and verify commands with the ticket's title and labels exceed {ORDER_BYTES}"
                " bytes; put them into a script of the repository",
            )
        order = order.model_copy(update={"ticket": less})
    return order
