"""One pool: its credentials, what was tried with them, its images, and what the operator says of it. Pure."""

from __future__ import annotations

from boardhand_client.trials.checks import fitting, named, network, nodes, pulled
from boardhand_client.trials.facts import Facts, Hidden, Namespace, PoolFacts
from boardhand_client.trials.finding import Finding, Said, Unseen
from boardhand_client.trials.git import UNTRIED
from boardhand_client.trials.trial import Trial
from boardhand_operator.credentials.pool_secrets import require_read
from boardhand_operator.errors import Misconfigured
from boardhand_operator.views import Pool

TRIED = {
    **{"board": "board", "forge": "forge", "read": "git", "push": "git"},
    **{"large": "model", "small": "model", "fallback": "model"},
}
"""The last part of a trial's place, and the check that it is."""
IMAGE = "boardhand/runner:0"
"""In place of the runner's, where the operator's Deployment may not be read: its name changes no size."""


def pool(facts: Facts, one: PoolFacts) -> Said:
    """All that is wrong with a pool. What the operator says, and the API server, counts where nothing else is found."""
    try:
        its = Pool.of(one.body)
    except Misconfigured as wrong:
        fix = f"kubectl -n {one.namespace} edit codingagent {one.name}"
        yield Finding("spec", one.about, f"this version cannot read it: {wrong.message}", fix)
        return
    said = list(_of(facts, one, its))
    yield from said
    if not any(isinstance(each, Finding) for each in said):
        told = list(_refused(one))
        yield from told
        if not any(isinstance(each, Finding) for each in told):
            yield from _condition(one, its)


def _of(facts: Facts, one: PoolFacts, its: Pool) -> Said:
    namespace = facts.namespaces.get(one.namespace, Namespace(None))
    yield from _trials(one, its)
    yield from pulled.images(facts, one, its)
    yield from named.there(one, its.spec, facts.storage)
    yield from network.policy(one, its, facts.operator)
    yield from network.proxy(one, its, facts.operator)
    yield from network.webhooks(one, its, facts.operator)
    try:
        job = fitting.sample(its, facts.operator.environment.get("BOARDHAND_RUNNER_IMAGE") or IMAGE)
    except Misconfigured as wrong:
        fix = f"kubectl -n {one.namespace} edit codingagent {one.name}"
        yield Finding("pod", one.about, wrong.message, fix)
    else:
        yield from fitting.fits(one, namespace, job)
        yield from nodes.own_users(facts, one, its, job["spec"]["template"]["spec"])


def _trials(one: PoolFacts, its: Pool) -> Said:
    """Who is not reached from here may be reached by the operator, which says so, or by the runs alone."""
    try:
        require_read(its.spec)
    except Misconfigured as wrong:
        yield Finding("secret", one.about, wrong.message, "spec.repository.readSecretRef: {name: SECRET}")
    for place, trial in one.trials.items():
        check, field = _check(place)
        if isinstance(trial, Hidden):
            yield Unseen(check, one.about, f"{field}: {trial.why}")
        elif trial.reason == UNTRIED:
            yield Unseen(check, one.about, f"{field}: {trial.said}")
        elif not trial.ok and trial.unreached and (check in ("model", "git") or its.ready):
            yield Unseen(check, one.about, f"{field}: {trial.said}; from the cluster it may be another matter")
        elif not trial.ok:
            yield Finding(check, one.about, _with(field, trial), trial.fix)


def _with(field: str, trial: Trial) -> str:
    return trial.said if trial.said.startswith("spec.") or field in trial.said else f"{field}: {trial.said}"


def _check(place: str) -> tuple[str, str]:
    """The check and the field of a trial: `secret:board` is of credentials, `board` of the board itself."""
    kind, _, rest = place.rpartition(":")
    return kind or TRIED[rest.rpartition(".")[2]], f"spec.{rest}"


def _refused(one: PoolFacts) -> Said:
    if isinstance(one.refused, Hidden):
        yield Unseen("pod", one.about, f"its pod was not tried: {one.refused.why}")
    elif one.refused:
        fix = f"kubectl -n {one.namespace} edit codingagent {one.name}  # or what refuses"
        yield Finding("pod", one.about, f"the API server would refuse its pod: {one.refused}", fix)


def _condition(one: PoolFacts, its: Pool) -> Said:
    ready, describe = its.condition("Ready"), f"kubectl -n {one.namespace} describe codingagent {one.name}"
    if ready is None or ready.observed_generation not in (None, its.generation):
        yield Finding("pool", one.about, "the operator has not looked at it yet", describe)
    elif ready.status != "True" and ready.reason != "Suspended":
        yield Finding("pool", one.about, f"not Ready ({ready.reason}): {ready.message}", describe)
