"""The chart's admission policies on a real API server: nobody borrows a pool's credentials, the operator works on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from testbed import chart
from testbed.load import LoadCluster, objects
from testbed.load.api import GROUP, context
from testbed.load.programs import OPERATOR_NAMESPACE, OPERATOR_USER
from testbed.manifests import run
from testbed.shell import wait_for

pytestmark = pytest.mark.slow
Json = dict[str, Any]
RBAC = "/apis/rbac.authorization.k8s.io/v1"
POLICIES = "/apis/admissionregistration.k8s.io/v1"
KINDS = {
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings",
}
WRITES = {"apiGroups": ["boardhand.dev"], "resources": ["ticketruns", "codingagents"], "verbs": ["create", "patch"]}
USES = {"apiGroups": ["boardhand.dev"], "resources": ["codingagents"], "resourceNames": ["pool"], "verbs": ["use"]}
READS = {"apiGroups": [""], "resources": ["secrets"], "verbs": ["get"]}
OTHER_USER = "system:serviceaccount:team:boardhand"
OWN = {**READS, "resourceNames": ["git-push", "model"]}
RIGHTS = {
    "cat": [WRITES, OWN],
    "eve": [WRITES],
    "ada": [WRITES, USES],
    "bob": [WRITES, READS],
    OPERATOR_USER: [WRITES],
    OTHER_USER: [WRITES],
}


class Asked:
    """The API server, asked as different people."""

    def __init__(self, cluster: LoadCluster) -> None:
        self.cluster = cluster
        self._http = httpx.Client(base_url=cluster.layout.server, verify=context(cluster.layout), trust_env=False)

    def send(self, who: str, method: str, path: str, body: Json) -> httpx.Response:
        form = "application/merge-patch+json" if method == "PATCH" else "application/json"
        headers = {"Impersonate-User": who, "Content-Type": form}
        return self._http.request(method, path, content=json.dumps(body), headers=headers)

    def run(self, who: str, name: str, space: str = "team", pool: str = "pool") -> httpx.Response:
        return self.send(who, "POST", f"{GROUP}/namespaces/{space}/ticketruns", run(space, name, pool, "Do", "It."))


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asked]:
    with LoadCluster(tmp_path_factory.mktemp("admission") / "state", pods=False, rights=[]) as cluster:
        for space in ("team", "elsewhere"):
            cluster.namespace(space)
            cluster.apply(objects.pool(space, "pool", None, "", None))
            for who, rules in RIGHTS.items():
                about = {"name": who, "namespace": space}
                role = {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "metadata": about}
                cluster.api.create(f"{RBAC}/namespaces/{space}/roles", {**role, "rules": rules})
                bound = {"roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": who}}
                subjects = [{"kind": "User", "name": who, "apiGroup": "rbac.authorization.k8s.io"}]
                binding = {**role, "kind": "RoleBinding", **bound, "subjects": subjects}
                cluster.api.create(f"{RBAC}/namespaces/{space}/rolebindings", binding)
        made = Asked(cluster)
        # The negative control: without the policies eve has the pool's credentials used.
        assert made.run("eve", "before").status_code == httpx.codes.CREATED
        values = {"admission": {"enabled": True}, "watchNamespaces": ["team"]}
        for body in chart.rendered(OPERATOR_NAMESPACE, values):
            if body["kind"] in KINDS:
                cluster.api.create(f"{POLICIES}/{KINDS[body['kind']]}", body)
        numbers = iter(range(1000))
        wait_for("the policies", lambda: made.run("eve", f"try-{next(numbers)}").is_error, 30, every=0.2)
        yield made


def test_a_run_by_somebody_who_may_not_use_the_pool_is_refused(asked: Asked) -> None:
    refused = asked.run("eve", "eves")
    assert refused.status_code == httpx.codes.FORBIDDEN
    said = refused.json()["message"]
    assert "eve may not use CodingAgent pool" in said
    assert "the verb use on codingagents" in said


def test_who_may_use_the_pool_writes_runs_for_it_and_for_no_other(asked: Asked) -> None:
    assert asked.run("ada", "adas").status_code == httpx.codes.CREATED
    assert asked.run("ada", "others", pool="other").status_code == httpx.codes.FORBIDDEN


def test_the_operators_own_account_is_let_through(asked: Asked) -> None:
    """It has not the verb; neither has another one's account of the same name."""
    assert asked.run(OPERATOR_USER, "operators").status_code == httpx.codes.CREATED
    assert asked.run(OTHER_USER, "anothers").status_code == httpx.codes.FORBIDDEN


def test_namespaces_that_are_not_watched_are_let_be(asked: Asked) -> None:
    assert asked.run("eve", "eves", "elsewhere").status_code == httpx.codes.CREATED


def test_a_pool_names_no_secret_that_its_writer_may_not_read(asked: Asked) -> None:
    path = f"{GROUP}/namespaces/team/codingagents"

    def made(who: str, name: str) -> httpx.Response:
        return asked.send(who, "POST", path, objects.pool("team", name, None, "", None))

    refused = made("ada", "adas")
    assert refused.status_code == httpx.codes.FORBIDDEN, refused.text
    assert "ada may not read Secret" in refused.json()["message"]
    assert made("bob", "bobs").status_code == httpx.codes.CREATED


def test_nobody_sends_a_pools_credentials_elsewhere(asked: Asked) -> None:
    path = f"{GROUP}/namespaces/team/codingagents/pool"
    evil = {"spec": {"repository": {"url": "https://evil.example/shop.git"}}}
    refused = asked.send("eve", "PATCH", path, evil)
    assert refused.status_code == httpx.codes.FORBIDDEN
    assert "may not read Secret" in refused.json()["message"]
    assert asked.send("eve", "PATCH", path, {"metadata": {"labels": {"seen": "yes"}}}).status_code == httpx.codes.OK
    assert asked.send("bob", "PATCH", path, {"spec": {"suspend": True}}).status_code == httpx.codes.OK


@pytest.mark.parametrize(
    "place",
    ["models.small", "models.large.fallback", "mcpServers[0]", "mcpServers[7]", "notifications[0]", "notifications[3]"],
)
def test_every_place_that_names_a_secret_is_asked_about(asked: Asked, place: str) -> None:
    model = {"name": "m", "secretRef": {"name": "theirs"}}
    servers: list[Json] = [
        {"name": f"s{number}", "url": "https://mcp.example/", "tools": ["look"]} for number in range(8)
    ]
    specs: Json = {
        "models.small": {"models": {"small": model}},
        "models.large.fallback": {"models": {"large": {"fallback": model}}},
    }
    if place.startswith("mcp"):
        servers[int(place[-2])]["secretRef"] = {"name": "theirs"}
        specs[place] = {"mcpServers": servers}
    if place.startswith("notifications"):
        told: list[Json] = [{"name": f"n{number}", "secretRef": {"name": "model"}} for number in range(4)]
        told[int(place[-2])]["secretRef"] = {"name": "theirs"}
        specs[place] = {"notifications": told}
    refused = asked.send("cat", "PATCH", f"{GROUP}/namespaces/team/codingagents/pool", {"spec": specs[place]})
    assert refused.status_code == httpx.codes.FORBIDDEN, refused.text
    assert f"spec.{place}.secretRef: cat may not read Secret theirs" in refused.json()["message"]
