"""Pure: which labels a run gets when it is settled, and while its pull request is looked after."""

from __future__ import annotations

from boardhand_api.notification import Notification, Occasion
from boardhand_api.pod import CLOSED, LABEL_NOTIFY, LABEL_PULL_REQUEST, LABEL_SETTLED, OPEN, PENDING
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.run_status import PullRequestState
from boardhand_operator.decide.delivery import never_ours
from boardhand_operator.views import Pool, Run


def settling(run: Run, pool: Pool | None) -> dict[str, str]:
    """Those of a run that has ended. pool: as the run began with it; None where it is gone."""
    labels = {LABEL_SETTLED: "true"}
    pull = run.status.pull_request
    if pool and pool.spec.forge and pull and (label := following(pull.state)):
        labels[LABEL_PULL_REQUEST] = label
    if pool and to_tell(run, pool.spec):
        labels[LABEL_NOTIFY] = PENDING
    return labels


def following(state: PullRequestState) -> str | None:
    """The label of a run whose pull request is in that state; None: nothing becomes of it any more."""
    return {PullRequestState.OPEN: OPEN, PullRequestState.CLOSED: CLOSED}.get(state)


def to_tell(run: Run, spec: CodingAgentSpec) -> list[Notification]:
    """The notifications that are for what the run ended as, and were not told of it."""
    failure, delivery = run.status.failure, run.status.delivery
    if not run.status.phase.finished or never_ours(run):
        return []
    is_now = Occasion.of(failure.failure_class if failure else None)
    told = delivery.notified if delivery else []
    return [one for one in spec.notifications if is_now.intersection(one.occasions) and one.name not in told]
