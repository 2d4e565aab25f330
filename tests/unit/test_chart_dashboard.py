"""The chart's dashboard: its container has no token, the recorder's narrow rights, no environment a secret."""

from __future__ import annotations

import json
from typing import Any

import pytest

from testbed import chart
from testbed.rights import Right, grants
from testbed.shell import TestbedError

pytestmark = pytest.mark.slow
SYSTEM = "boardhand-system"
ACCOUNT = "/var/run/secrets/kubernetes.io/serviceaccount"
Json = dict[str, Any]
WHO: Json = {"secret": "proxy", "groups": ["developers"], "users": ["dana"]}
PROXY = {"auth": "proxy", "proxy": WHO}


def objects(values: Json | None = None, namespaces: tuple[str, ...] = ("team",)) -> list[Json]:
    """values: of the chart's `dashboard`."""
    all_ = {"watchNamespaces": list(namespaces), "dashboard": {"enabled": True} | (values or {})}
    return chart.rendered(SYSTEM, all_)


def pod(rendered: list[Json]) -> Json:
    (found,) = [
        body for body in rendered if body["metadata"]["name"] == "boardhand-dashboard" and "template" in str(body)
    ]
    spec: Json = found["spec"]["template"]["spec"]
    return spec


def containers(rendered: list[Json]) -> dict[str, Json]:
    return {one["name"]: one for one in pod(rendered)["containers"]}


def mounted(container: Json, path: str = ACCOUNT) -> list[str]:
    return [mount["name"] for mount in container["volumeMounts"] if mount["mountPath"] == path]


def test_it_is_off_unless_asked_for() -> None:
    names = {body["metadata"]["name"] for body in chart.rendered(SYSTEM)}
    assert not {"boardhand-dashboard", "boardhand-history"} & names


def test_the_dashboard_has_no_token_and_the_recorder_its_own() -> None:
    rendered = objects()
    spec, both = pod(rendered), containers(rendered)
    assert (spec["automountServiceAccountToken"], spec["serviceAccountName"]) == (False, "boardhand-history")
    assert mounted(both["dashboard"]) == []
    assert mounted(both["recorder"]) == ["recorder"]
    (volume,) = [one for one in spec["volumes"] if one["name"] == "recorder"]
    assert "serviceAccountToken" in volume["projected"]["sources"][0]
    tokens = [one["name"] for one in spec["volumes"] if "serviceAccountToken" in str(one)]
    assert tokens == ["recorder"]


def test_the_recorder_reads_runs_pools_and_logs_and_nothing_else() -> None:
    runs, read = "ticketruns", ("get", "list", "watch")
    wanted = {Right("boardhand.dev", runs, verb) for verb in read}
    wanted |= {Right("boardhand.dev", "codingagents", "get"), Right("", "pods", "list"), Right("", "pods/log", "get")}
    for namespaces, where in ((("team", "other"), {"team", "other"}), (("*",), {None})):
        rendered = objects(namespaces=namespaces)
        given = grants(rendered, "boardhand-history")
        assert ({one.right for one in given}, {one.namespace for one in given}) == (wanted, where)
        assert grants(rendered, "boardhand-dashboard") == []


def test_behind_a_proxy_it_impersonates_whom_it_is_let_and_nothing_else() -> None:
    rendered = objects(PROXY)
    both = containers(rendered)
    given = {(one.right, tuple(one.names)) for one in grants(rendered, "boardhand-dashboard")}
    assert given == {
        (Right("", "users", "impersonate"), ("dana",)),
        (Right("", "groups", "impersonate"), ("developers",)),
    }
    assert pod(rendered)["serviceAccountName"] == "boardhand-dashboard"
    assert (mounted(both["dashboard"]), mounted(both["recorder"])) == (["impersonator"], ["recorder"])
    (token,) = [body for body in rendered if body.get("type") == "kubernetes.io/service-account-token"]
    assert token["metadata"]["annotations"] == {"kubernetes.io/service-account.name": "boardhand-history"}
    (recorder,) = [one for one in pod(rendered)["volumes"] if one["name"] == "recorder"]
    assert recorder["projected"]["sources"][0]["secret"]["name"] == token["metadata"]["name"]
    for wrong, said in (
        ({"secret": ""}, "name the Secret whose key `secret`"),
        ({"groups": ["system:masters"]}, "at '/dashboard/proxy/groups/0'"),
        ({"users": ["system:kube-controller-manager"]}, "at '/dashboard/proxy/users/0'"),
    ):
        with pytest.raises(TestbedError, match=said):
            objects({"auth": "proxy", "proxy": WHO | wrong})


def test_behind_a_proxy_everybody_is_impersonated_only_where_that_is_said() -> None:
    """With the account's token alone one is whoever it may impersonate: those who are named, or all on purpose."""
    with pytest.raises(TestbedError, match=r"dashboard\.proxy\.users: .* name who may be impersonated; or .*anyUser"):
        objects({"auth": "proxy", "proxy": WHO | {"users": []}})
    given = grants(objects({"auth": "proxy", "proxy": WHO | {"users": [], "anyUser": True}}), "boardhand-dashboard")
    assert (Right("", "users", "impersonate"), frozenset()) in [(one.right, one.names) for one in given]
    with pytest.raises(TestbedError, match=r"dashboard\.proxy\.anyUser: dashboard\.proxy\.users names some"):
        objects({"auth": "proxy", "proxy": WHO | {"anyUser": True}})
    assert grants(objects({"proxy": {"anyUser": True}}), "boardhand-dashboard") == []


def test_who_installs_it_so_is_told_what_it_means() -> None:
    words = ("install", chart.RELEASE, str(chart.FOLDER), "--dry-run=client", "--values", "-")
    for more, warned in (({"users": [], "anyUser": True}, True), ({}, False)):
        values = {"dashboard": {"enabled": True, "auth": "proxy", "proxy": WHO | more}}
        notes = chart.helm(*words, stdin=json.dumps(values)).split("\nNOTES:\n")[1]
        assert ("WARNING: dashboard.proxy.anyUser" in notes) is warned
        assert f"helm test {chart.RELEASE}" in notes


def test_without_a_history_there_is_no_recorder_and_nobody_has_rights() -> None:
    rendered = objects({"history": {"enabled": False}})
    assert list(containers(rendered)) == ["dashboard"]
    assert grants(rendered, "boardhand-dashboard") == grants(rendered, "boardhand-history") == []
    assert "BOARDHAND_HISTORY" not in str(pod(rendered))


@pytest.mark.parametrize("values", [{}, PROXY, {"history": {"databaseSecret": "database"}}])
def test_containers_are_confined_and_hold_no_secret_in_their_environment(values: Json) -> None:
    rendered = objects({"tlsSecret": "pages"} | values)
    assert pod(rendered)["securityContext"]["runAsNonRoot"] is True
    for container in containers(rendered).values():
        assert container["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "runAsNonRoot": True,
            "capabilities": {"drop": ["ALL"]},
            "seccompProfile": {"type": "RuntimeDefault"},
        }
        assert not any("valueFrom" in entry for entry in container["env"])
        assert "envFrom" not in container
        assert "limits" in container["resources"]


def test_the_history_is_on_a_volume_or_at_an_address_that_only_files_hold() -> None:
    rendered = objects()
    (claim,) = [body for body in rendered if body["kind"] == "PersistentVolumeClaim"]
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep"}
    urls = {str(entry) for one in containers(rendered).values() for entry in one["env"] if "HISTORY_URL" in str(entry)}
    assert len(urls) == 1, "both look at the same"
    given = objects({"history": {"databaseSecret": "database"}})
    assert not any(body["kind"] == "PersistentVolumeClaim" for body in given)
    assert "/etc/boardhand/history/url" in str(containers(given)["recorder"]["env"])
    existing = objects({"history": {"volume": {"existingClaim": "mine"}}})
    assert not any(body["kind"] == "PersistentVolumeClaim" for body in existing)
    assert "'claimName': 'mine'" in str(pod(existing))


def test_it_is_served_with_tls_or_behind_an_ingress() -> None:
    secured = objects(
        {"tlsSecret": "pages", "ingress": {"enabled": True, "host": "boardhand.example"}, "hosts": ["b.example"]}
    )
    container = containers(secured)["dashboard"]
    assert container["readinessProbe"]["httpGet"]["scheme"] == "HTTPS"
    assert {"name": "BOARDHAND_DASHBOARD_HOSTS", "value": "b.example,boardhand.example"} in container["env"]
    (mount,) = [one for one in container["volumeMounts"] if one["mountPath"] == "/etc/boardhand/tls"]
    assert "subPath" not in mount, "a file that is mounted by itself stays as it was"
    plain = objects()
    assert "scheme" not in containers(plain)["dashboard"]["readinessProbe"]["httpGet"]
    with pytest.raises(TestbedError, match="the name under which people reach"):
        objects({"ingress": {"enabled": True}})


def test_only_its_port_is_reached() -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"name": "ingress"}}}]
    (policy,) = [body for body in objects({"from": peers}) if body["kind"] == "NetworkPolicy"]
    assert policy["spec"]["ingress"] == [{"ports": [{"port": 8443, "protocol": "TCP"}], "from": peers}]
    labels = policy["spec"]["podSelector"]["matchLabels"]
    (deployment,) = [
        body for body in objects() if body["metadata"]["name"] == "boardhand-dashboard" and "template" in str(body)
    ]
    assert labels.items() <= deployment["spec"]["template"]["metadata"]["labels"].items()
