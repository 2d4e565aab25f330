"""The chart: its values have a schema that names a wrong one, its rules are narrow, its pod gives nothing away."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

import jsonschema
import pytest
import yaml

from testbed import chart
from testbed.rights import Right, grants
from testbed.shell import TestbedError

SYSTEM = "boardhand-system"
Json = dict[str, Any]
TLS = {"operator": {"webhooks": {"enabled": True, "tlsSecret": "hooks"}}}


def schema() -> Json:
    found: Json = json.loads((chart.FOLDER / "values.schema.json").read_text())
    return found


def defaults() -> Json:
    found: Json = yaml.safe_load((chart.FOLDER / "values.yaml").read_text())
    return found


def test_the_defaults_are_what_the_schema_allows() -> None:
    jsonschema.validate(defaults(), schema())


def leaves(values: Mapping[str, Any], at: str = "") -> Iterator[str]:
    for name, value in values.items():
        yield f"{at}/{name}"
        if isinstance(value, dict):
            yield from leaves(value, f"{at}/{name}")


def of_schema(part: Json, at: str = "") -> Iterator[str]:
    for name, inner in part.get("properties", {}).items():
        yield f"{at}/{name}"
        yield from of_schema(inner, f"{at}/{name}")


def test_schema_and_defaults_have_the_same_values() -> None:
    def ours(names: Iterator[str]) -> set[str]:
        """But for what is Kubernetes' own."""
        return {name for name in names if "/resources/" not in name and name != "/global"}

    assert ours(leaves(defaults())) == ours(of_schema(schema()))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"operator": {"replicas": "two"}}, "at '/operator/replicas': got string, want integer"),
        ({"operator": {"replica": 2}}, "at '/operator': additional properties 'replica' not allowed"),
        (
            {"operator": {"imagePullPolicy": "Sometimes"}},
            "at '/operator/imagePullPolicy': value must be one of 'Always', 'IfNotPresent', 'Never'",
        ),
        ({"watchNamespaces": "team-a"}, "at '/watchNamespaces': got string, want array"),
        ({"watchNamespaces": ["*", "team-a"]}, "at '/watchNamespaces': maxItems: got 2, want 1"),
        ({"operator": {"webhooks": {"ingress": {"host": "https://x"}}}}, "at '/operator/webhooks/ingress/host'"),
    ],
)
def test_a_wrong_value_is_one_sentence(values: Json, said: str) -> None:
    with pytest.raises(TestbedError) as refused:
        chart.rendered(SYSTEM, values)
    (line,) = [line for line in str(refused.value).splitlines() if line.startswith("- at ")]
    assert said in line


@pytest.mark.slow
def test_helm_finds_nothing_to_say() -> None:
    assert "0 chart(s) failed" in chart.helm("lint", "--strict", str(chart.FOLDER))


@pytest.mark.slow
@pytest.mark.parametrize("namespaces", [["team-a", "team-b"], ["*"]])
def test_rules_name_kinds_and_verbs_and_secrets_are_never_listed(namespaces: list[str]) -> None:
    objects = chart.rendered(SYSTEM, {"watchNamespaces": namespaces})
    rules = [rule for body in objects if body["kind"] in ("Role", "ClusterRole") for rule in body["rules"]]
    words = {word for rule in rules for field in ("apiGroups", "resources", "verbs") for word in rule[field]}
    assert not {"*", "escalate", "bind", "impersonate", "deletecollection", "pods/exec"} & words
    verbs = {grant.right.verb for grant in grants(objects, chart.RELEASE) if grant.right.resource == "secrets"}
    assert verbs <= {"get", "create", "patch", "delete"}
    assert all("clusterrole" not in body["kind"].lower() for body in objects) or namespaces == ["*"]


@pytest.mark.slow
def test_the_release_itself_gives_the_lease_and_nothing_where_no_pools_are_worked() -> None:
    given = grants(chart.rendered(SYSTEM, {"watchNamespaces": ["team-a"]}), chart.RELEASE)
    own = {(grant.right, tuple(grant.names)) for grant in given if grant.namespace == SYSTEM}
    leases = Right("coordination.k8s.io", "leases", "create")
    named = {(leases._replace(verb=verb), (chart.RELEASE,)) for verb in ("get", "patch")}
    assert own == {(leases, ()), *named}
    assert {grant.namespace for grant in given} == {SYSTEM, "team-a"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("values", "told"),
    [
        ({}, "Never"),
        ({"watchNamespaces": ["*"]}, "Auto"),
        ({"watchNamespaces": ["*"], "userNamespaces": "Never"}, "Never"),
        ({"watchNamespaces": ["*"], "userNamespaces": "Always"}, "Always"),
        ({"userNamespaces": "Auto"}, "Auto"),
    ],
)
def test_nodes_are_listed_only_where_they_are_asked_about_user_namespaces(values: Json, told: str) -> None:
    (box,) = deployment(values)["containers"]
    assert {"name": "BOARDHAND_USER_NAMESPACES", "value": told} in box["env"]
    given = grants(chart.rendered(SYSTEM, values), chart.RELEASE)
    nodes = [(grant.right.verb, grant.namespace) for grant in given if grant.right.resource == "nodes"]
    assert nodes == ([("list", None)] if told == "Auto" else [])


def deployment(values: Json | None = None) -> Json:
    (found,) = [body for body in chart.rendered(SYSTEM, values) if body["kind"] == "Deployment"]
    spec: Json = found["spec"]["template"]["spec"]
    return spec


@pytest.mark.slow
def test_the_operators_pod_is_restricted_and_its_account_gives_no_token_unasked() -> None:
    objects = chart.rendered(SYSTEM)
    (account,) = [body for body in objects if body["kind"] == "ServiceAccount"]
    spec = deployment()
    assert (account["automountServiceAccountToken"], spec["automountServiceAccountToken"]) == (False, True)
    (container,) = spec["containers"]
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["runAsUser"] == 10001
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "capabilities": {"drop": ["ALL"]},
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert not {"hostNetwork", "hostPID", "hostIPC"} & set(spec)


@pytest.mark.slow
def test_no_secret_is_in_the_environment() -> None:
    (container,) = deployment(TLS)["containers"]
    assert not any("secretKeyRef" in str(entry) for entry in container["env"])
    assert "envFrom" not in container


@pytest.mark.slow
def test_webhooks_take_their_certificate_from_a_mount_that_follows_the_secret() -> None:
    spec = deployment(TLS)
    (container,) = spec["containers"]
    assert {"name": "BOARDHAND_WEBHOOKS_TLS", "value": "/etc/boardhand/webhooks"} in container["env"]
    (mount,) = [one for one in container["volumeMounts"] if one["mountPath"] == "/etc/boardhand/webhooks"]
    # A file that is mounted by itself stays as it was.
    assert mount["readOnly"] is True
    assert "subPath" not in mount
    (volume,) = [one for one in spec["volumes"] if one["name"] == mount["name"]]
    assert volume["secret"]["secretName"] == "hooks"


@pytest.mark.slow
def test_without_webhooks_only_probes_are_served() -> None:
    (container,) = deployment()["containers"]
    assert [port["name"] for port in container["ports"]] == ["health"]
    assert not any(body["kind"] in ("Service", "Ingress") for body in chart.rendered(SYSTEM))
