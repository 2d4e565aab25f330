"""The operator: that it is there, works, may do what it must, and where. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from boardhand_client.trials.checks.images import wrong_with
from boardhand_client.trials.checks.rights import OPERATOR
from boardhand_client.trials.facts import Facts, Hidden, Operator
from boardhand_client.trials.finding import Finding, Said, Unseen, upgrade
from boardhand_operator.decide.observe import parse_time

USERS, AUTO = "BOARDHAND_USER_NAMESPACES", "Auto"
"""A variable of the operator, and what it is where the operator asks the nodes."""

STALE = timedelta(seconds=60)
"""A Lease that was not renewed for so long is held by nobody who works; it is renewed every few seconds."""


def about_of(operator: Operator) -> str:
    """As messages name it."""
    name = operator.deployment["metadata"]["name"] if isinstance(operator.deployment, dict) else ""
    return f"Deployment {operator.namespace}/{name}" if name else f"namespace {operator.namespace}"


def deployed(facts: Facts) -> Said:
    """There is one, and it is ready."""
    at = facts.operator
    about = about_of(at)
    if isinstance(at.deployment, Hidden):
        yield Unseen("operator", about, at.deployment.why)
    elif at.deployment is None and at.elsewhere:
        said = f"no operator is there, but in: {', '.join(at.elsewhere)}"
        yield Finding("operator", about, said, f"boardhand doctor --operator-namespace {at.elsewhere[0]}")
    elif at.deployment is None:
        install = f"helm install boardhand helm/boardhand --namespace {at.namespace} --create-namespace"
        yield Finding("operator", about, "no operator is there", install)
    else:
        yield from _ready(at, at.deployment)


def _ready(at: Operator, body: Mapping[str, object]) -> Said:
    about, name = about_of(at), about_of(at).rpartition("/")[2]
    spec, status = _part(body, "spec"), _part(body, "status")
    if spec.get("replicas") == 0:
        fix = f"kubectl -n {at.namespace} scale deployment {name} --replicas=1"
        yield Finding("operator", about, "it has no replica", fix)
    elif not status.get("readyReplicas"):
        fix = f"kubectl -n {at.namespace} logs deployment/{name} --tail=20"
        yield Finding("operator", about, "no pod of it is ready", fix)


def _part(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    found = body.get(name)
    return found if isinstance(found, Mapping) else {}


def images(facts: Facts) -> Said:
    """The operator's image and the runner's name a version."""
    at = facts.operator
    if not isinstance(at.deployment, dict):
        return
    (box, *_) = at.deployment["spec"]["template"]["spec"]["containers"]
    runner = at.environment.get("BOARDHAND_RUNNER_IMAGE", "")
    for value, image in (("operator.image", str(box["image"])), ("runner.image", runner)):
        if problem := wrong_with(image):
            fix = f"{upgrade(at.deployment, at.namespace)} --set {value}=NAME:VERSION"
            yield Finding("image", about_of(at), f"{value}: {problem}", fix)


def lease(facts: Facts) -> Said:
    """Somebody holds the Lease, and renews it, by a clock like the API server's."""
    at, now = facts.operator, facts.server_at or facts.at
    if not isinstance(at.deployment, dict) or not at.environment.get("BOARDHAND_LEASE"):
        return
    name = at.environment["BOARDHAND_LEASE"]
    about = f"Lease {at.namespace}/{name}"
    if isinstance(at.lease, Hidden):
        yield Unseen("lease", about, at.lease.why)
        return
    spec = (at.lease or {}).get("spec") or {}
    logs = f"kubectl -n {at.namespace} logs deployment/{at.deployment['metadata']['name']} --tail=20"
    if not spec.get("holderIdentity") or not spec.get("renewTime"):
        yield Finding("lease", about, "nobody holds it, so no operator works", logs)
        return
    since = now - parse_time(str(spec["renewTime"]))
    if since > STALE:
        said = f"{spec['holderIdentity']} holds it, and has not renewed it for {since.total_seconds():.0f} s"
        yield Finding("lease", about, said, logs)
    elif -since > STALE:
        said = f"{spec['holderIdentity']} renewed it {-since.total_seconds():.0f} s in the future"
        yield Finding("clock", about, said, "timedatectl set-ntp true  # on the operator's node")


def watched(facts: Facts) -> Said:
    """The operator works the namespaces where the pools are."""
    at = facts.operator
    if not isinstance(at.deployment, dict):
        return
    names = {one.strip() for one in at.environment.get("BOARDHAND_NAMESPACES", "").split(",") if one.strip()}
    for namespace in sorted({one.namespace for one in facts.pools} - names if names else ()):
        said = f"the operator works the pools of: {', '.join(sorted(names))}; and there are pools here"
        wanted = ",".join(sorted(names | {namespace}))
        fix = upgrade(at.deployment, at.namespace)
        yield Finding("watched", f"namespace {namespace}", said, f"{fix} --set 'watchNamespaces={{{wanted}}}'")


def rights(facts: Facts) -> Said:
    """It may do all that it does."""
    yield from _nodes(facts.operator)
    for name, namespace in facts.namespaces.items():
        about = f"namespace {name}"
        if isinstance(namespace.operator, Hidden):
            yield Unseen("operator-rights", about, namespace.operator.why)
            continue
        lacking = [str(right) for right in OPERATOR if namespace.operator.get(right) is False]
        if lacking and isinstance(facts.operator.deployment, dict):
            fix = upgrade(facts.operator.deployment, facts.operator.namespace)
            yield Finding("operator-rights", about, f"the operator may not: {', '.join(lacking)}", fix)


def _nodes(at: Operator) -> Said:
    """Where it is to ask the nodes, it may list them, which is a right over the whole cluster."""
    if isinstance(at.lists_nodes, Hidden):
        yield Unseen("operator-rights", "the cluster", at.lists_nodes.why)
    elif at.lists_nodes is False and isinstance(at.deployment, dict):
        fix = upgrade(at.deployment, at.namespace)
        said = "userNamespaces is Auto, and the operator may not: list nodes; so no pod gets users of its own"
        yield Finding("operator-rights", "the cluster", said, f"{fix} --set userNamespaces={AUTO}")
