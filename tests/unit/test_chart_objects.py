"""What holds for all that the chart makes: names that people add, places for its pods, one way out, and `helm test`."""

from __future__ import annotations

import functools
import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import yaml

from testbed import chart
from testbed.shell import TestbedError

pytestmark = pytest.mark.slow

SYSTEM = "boardhand-system"
READY = chart.FOLDER / "files" / "test" / "ready.py"
Json = dict[str, Any]
ALL: Json = {
    "watchNamespaces": ["team"],
    "operator": {"webhooks": {"enabled": True, "ingress": {"enabled": True, "host": "hooks.example"}}, "replicas": 2},
    "metrics": {
        "enabled": True,
        "access": "Review",
        "serviceMonitor": {"enabled": True, "labels": {"stage": "watched"}},
        "rules": {"enabled": True},
        "dashboard": {"enabled": True},
    },
    "dashboard": {
        "enabled": True,
        "auth": "proxy",
        "proxy": {"secret": "proxy", "users": ["dana"]},
        "ingress": {"enabled": True, "host": "boards.example", "annotations": {"owner": "them"}},
    },
    "userNamespaces": "Auto",
    "admission": {"enabled": True},
    "egressProxy": {"enabled": True},
    "networkPolicy": {"enabled": True},
}
EVERYWHERE = {"ClusterRole", "ClusterRoleBinding", "ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"}


@functools.cache
def _rendered(values: str) -> list[Json]:
    return chart.rendered(SYSTEM, json.loads(values), tests=True)


def objects(**values: Any) -> list[Json]:
    """values: beside ALL, in its place where it has the same."""
    return _rendered(json.dumps(ALL | values))


def pods(**values: Any) -> dict[str, Json]:
    """Metadata and spec of each component's pods, the test's among them."""
    found = [body["spec"]["template"] for body in objects(**values) if body["kind"] == "Deployment"]
    found += [body for body in objects(**values) if body["kind"] == "Pod"]
    return {one["metadata"]["labels"]["app.kubernetes.io/component"]: one for one in found}


def test_labels_and_annotations_are_of_every_object_and_beside_its_own() -> None:
    named = {"commonLabels": {"team": "platform", "stage": "live"}, "commonAnnotations": {"owner": "ada"}}
    plain = {(one["kind"], one["metadata"]["name"]): one["metadata"] for one in objects()}
    seen = {(one["kind"], one["metadata"]["name"]): one["metadata"] for one in objects(**named)}
    assert len({kind for kind, _ in plain}) == 18
    for key, meta in seen.items():
        stage = "watched" if key[0] == "ServiceMonitor" else "live"
        assert meta["labels"] == plain[key]["labels"] | {"team": "platform", "stage": stage}
        owner = "them" if key == ("Ingress", "boardhand-dashboard") else "ada"
        assert meta["annotations"] == plain[key].get("annotations", {}) | {"owner": owner}
    assert seen.keys() == plain.keys()
    for template in pods(**named).values():
        assert template["metadata"]["labels"]["team"] == "platform"


def test_definitions_have_them_too_and_stay() -> None:
    words = ("template", chart.RELEASE, str(chart.FOLDER), "--show-only", "templates/crds.yaml")
    found = [one for one in yaml.safe_load_all(chart.helm(*words, "--set", "commonLabels.team=platform")) if one]
    assert [one["metadata"]["labels"] for one in found] == [{"team": "platform"}] * 2
    found = [one for one in yaml.safe_load_all(chart.helm(*words, "--set", "commonAnnotations.owner=ada")) if one]
    assert [one["metadata"]["annotations"] for one in found] == [
        {"helm.sh/resource-policy": "keep", "owner": "ada"}
    ] * 2


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"commonLabels": {"app.kubernetes.io/component": "mine"}}, "/commonLabels/app.kubernetes.io~1component"),
        ({"commonLabels": {"boardhand.dev/scrape": "metrics"}}, "/commonLabels/boardhand.dev~1scrape"),
        ({"commonAnnotations": {"helm.sh/hook": "test"}}, "/commonAnnotations/helm.sh~1hook"),
        ({"operator": {"pod": {"hostNetwork": True}}}, "/operator/pod"),
        ({"outgoingProxy": {"url": "http://me:word@proxy.example"}}, "/outgoingProxy/url"),
    ],
)
def test_what_is_the_charts_own_is_not_said_by_others(values: Json, place: str) -> None:
    with pytest.raises(TestbedError, match=f"at '{place}'"):
        chart.rendered(SYSTEM, values)


def test_objects_say_in_which_namespace_they_are() -> None:
    """Else `helm template | kubectl apply` puts them into another one."""
    for one in objects():
        inner = one["metadata"].get("namespace")
        assert inner == (None if one["kind"] in EVERYWHERE else inner or "none")
        assert inner in (None, SYSTEM, "team")


def test_objects_are_labelled_as_what_they_belong_to() -> None:
    """`boardhand doctor` finds the operator's Deployment so."""
    deployments = {one["metadata"]["name"]: one for one in objects() if one["kind"] == "Deployment"}
    assert {name: one["metadata"]["labels"]["app.kubernetes.io/component"] for name, one in deployments.items()} == {
        "boardhand": "operator",
        "boardhand-dashboard": "dashboard",
        "boardhand-egress": "egress-proxy",
    }
    for one in deployments.values():
        assert one["spec"]["selector"]["matchLabels"].items() <= one["spec"]["template"]["metadata"]["labels"].items()


def test_what_is_said_for_all_pods_holds_for_all() -> None:
    said: Json = {
        "nodeSelector": {"pool": "platform"},
        "tolerations": [{"key": "platform", "operator": "Exists"}],
        "affinity": {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}},
        "priorityClassName": "system-cluster-critical",
    }
    templates = pods(**said, imagePullSecrets=[{"name": "registry"}], podAnnotations={"mesh": "off"})
    assert set(templates) == {"operator", "dashboard", "egress-proxy", "test"}
    for component, template in templates.items():
        assert {key: template["spec"][key] for key in said} == said
        assert template["spec"]["imagePullSecrets"] == [{"name": "registry"}]
        assert component == "test" or template["metadata"]["annotations"]["mesh"] == "off"
    assert "boardhand.dev/configuration" in templates["egress-proxy"]["metadata"]["annotations"]


@pytest.mark.parametrize(
    ("key", "component"), [("operator", "operator"), ("dashboard", "dashboard"), ("egressProxy", "egress-proxy")]
)
def test_what_is_said_of_one_comes_first(key: str, component: str) -> None:
    spread = {"maxSkew": 1, "topologyKey": "topology.kubernetes.io/zone", "whenUnsatisfiable": "DoNotSchedule"}
    of_one = {"nodeSelector": {"pool": "mine"}, "topologySpreadConstraints": [spread]}
    changed = {key: ALL[key] | {"pod": of_one}, "nodeSelector": {"pool": "platform"}}
    for name, template in pods(**changed).items():
        its = name == component or (name, component) == ("test", "operator")
        assert template["spec"]["nodeSelector"] == {"pool": "mine" if its else "platform"}
    constraint = pods(**changed)[component]["spec"]["topologySpreadConstraints"]
    same = {"matchLabels": {"app.kubernetes.io/component": component, **_NAMED}}
    assert constraint == [spread | {"labelSelector": same}]
    given = spread | {"labelSelector": {"matchLabels": {"a": "b"}}}
    changed[key] = ALL[key] | {"pod": {"topologySpreadConstraints": [given]}}
    assert pods(**changed)[component]["spec"]["topologySpreadConstraints"] == [given]


_NAMED = {"app.kubernetes.io/name": "boardhand", "app.kubernetes.io/instance": chart.RELEASE}


def test_replicas_shun_each_others_nodes_and_do_not_go_all_at_once() -> None:
    two = objects(egressProxy={"enabled": True, "replicas": 2})
    budgets = {one["metadata"]["name"]: one["spec"] for one in two if one["kind"] == "PodDisruptionBudget"}
    for name, component in (("boardhand", "operator"), ("boardhand-egress", "egress-proxy")):
        same = {"matchLabels": {"app.kubernetes.io/component": component, **_NAMED}}
        assert budgets.pop(name) == {"maxUnavailable": 1, "selector": same}
        affinity = pods()[component]["spec"]["affinity"]["podAntiAffinity"]
        (term,) = affinity["preferredDuringSchedulingIgnoredDuringExecution"]
        assert term["podAffinityTerm"]["labelSelector"] == same
    assert budgets == {}
    assert "affinity" not in pods()["dashboard"]["spec"]
    one = objects(operator={"replicas": 1})
    assert [body for body in one if body["kind"] == "PodDisruptionBudget"] == []


def test_programs_that_ask_outside_go_by_the_proxy_and_never_to_the_api_server() -> None:
    url = "http://proxy.example.com:3128"
    templates = pods(outgoingProxy={"url": url, "exempt": ["git.example.com"]})
    for component, name in (("operator", "operator"), ("dashboard", "dashboard"), ("dashboard", "recorder")):
        (container,) = [one for one in templates[component]["spec"]["containers"] if one["name"] == name]
        told = {one["name"]: one["value"] for one in container["env"] if "PROXY" in one["name"] and "value" in one}
        assert (told["HTTPS_PROXY"], told["HTTP_PROXY"]) == (url, url)
        assert {"$(KUBERNETES_SERVICE_HOST)", ".svc", "git.example.com"} <= set(told["NO_PROXY"].split(","))
    assert "PROXY" not in str(templates["egress-proxy"]["spec"]["containers"][0].get("env"))
    assert "HTTPS_PROXY" not in str(objects())


def test_images_may_be_named_by_their_digests() -> None:
    name = "registry.example:5000/boardhand/it@sha256:" + "ab" * 32
    changed: Json = {key: ALL[key] | {"image": name} for key in ("operator", "dashboard", "egressProxy")}
    found = [one["image"] for template in pods(**changed).values() for one in template["spec"]["containers"]]
    assert found == [name] * 5
    with pytest.raises(TestbedError, match="at '/operator/image'"):
        chart.rendered(SYSTEM, {"operator": {"image": name[:-1]}})


def test_services_have_annotations_of_their_own() -> None:
    """By which clouds are told what balancer it is to be."""
    service = {"service": {"type": "LoadBalancer", "annotations": {"balancer": "internal"}}}
    changed = {"operator": {"webhooks": {"enabled": True} | service}, "dashboard": ALL["dashboard"] | service}
    services = {one["metadata"]["name"]: one for one in objects(**changed) if one["kind"] == "Service"}
    for name in ("boardhand-webhooks", "boardhand-dashboard"):
        assert services[name]["metadata"]["annotations"] == {"balancer": "internal"}


def test_helm_test_is_a_confined_pod_that_is_there_for_it_alone() -> None:
    hooks = [one for one in objects() if "test" in one["metadata"].get("annotations", {}).get("helm.sh/hook", "")]
    assert sorted(one["kind"] for one in hooks) == ["Pod", "Service"]
    spec = pods()["test"]["spec"]
    (container,) = spec["containers"]
    assert spec["automountServiceAccountToken"] is False
    assert container["securityContext"] == pods()["operator"]["spec"]["containers"][0]["securityContext"]
    assert container["args"] == [READY.read_text(), f"boardhand-test.{SYSTEM}.svc", "8080", "2"]
    (service,) = [one for one in hooks if one["kind"] == "Service"]
    assert service["spec"]["selector"].items() <= pods()["operator"]["metadata"]["labels"].items()
    assert (service["spec"]["clusterIP"], service["spec"]["publishNotReadyAddresses"]) == ("None", True)


@contextmanager
def answering(status: int) -> Iterator[int]:
    """The port of something that answers so at /readyz."""

    class Probe(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status if self.path == "/readyz" else 404)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:
            return

    with HTTPServer(("127.0.0.1", 0), Probe) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_port
        server.shutdown()


def looked(host: str, port: int, replicas: int) -> tuple[int, str]:
    """How the test's program ends, and what it says."""
    words = [sys.executable, "-c", READY.read_text(), host, str(port), str(replicas), "0.2"]
    done = subprocess.run(words, capture_output=True, text=True, timeout=30, check=False)
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_what_helm_test_says() -> None:
    with answering(200) as port:
        assert looked("127.0.0.1", port, 1) == (0, "ready: 127.0.0.1\n")
        code, said = looked("127.0.0.1", port, 2)
        assert code == 1
        assert said.startswith("2 replicas are to say that they are ready")
    with answering(503) as port:
        code, said = looked("127.0.0.1", port, 1)
        assert (code, "503" in said) == (1, True)
    code, said = looked("127.0.0.1", port, 1)
    assert (code, "refused" in said) == (1, True)
    assert looked("nobody.invalid", port, 1)[0] == 1


def strings(node: Any, at: str = "") -> Iterator[tuple[str, Any]]:
    """What stands in an object where Kubernetes wants a text."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield from strings(value, f"{at}/{key}")
    elif isinstance(node, list):
        for value in node:
            yield from strings(value, at)
    elif at.rpartition("/")[2] in _TEXTS or any(part in at for part in ("/labels/", "/annotations/", "/matchLabels/")):
        yield at, node


_TEXTS = {
    "name",
    "namespace",
    "secretName",
    "claimName",
    "ingressClassName",
    "serviceAccountName",
    "value",
    "key",
    "host",
}


@pytest.mark.parametrize(("release", "namespace"), [("b", "123"), ("b", "null"), ("b", "1e3"), ("on", "2026-11-23")])
def test_names_that_look_like_numbers_are_names(release: str, namespace: str) -> None:
    """YAML reads 1e3 as a number, and null as nothing; Kubernetes takes both as names."""
    values = ALL | {
        "watchNamespaces": [namespace],
        "certificates": {"configMap": "007", "key": "1.5"},
        "traces": {"endpoint": "http://collector:4318", "headersSecret": "1e3"},
        "operator": {"webhooks": {"enabled": True, "tlsSecret": "12", "ingress": _NUMBERED}},
        "dashboard": {"enabled": True, "tlsSecret": "12", "ingress": _NUMBERED, "history": {"databaseSecret": "0"}},
        "networkPolicy": {"enabled": True, "operator": {"to": [{"namespace": "123", "pods": {"app": "1"}}]}},
        "sealing": {"secret": "0x10"},
        "imagePullSecrets": [{"name": "12"}],
    }
    words = ("template", release, str(chart.FOLDER), "--namespace", namespace, "--set", "crds.install=false")
    found = list(yaml.safe_load_all(chart.helm(*words, "--values", "-", stdin=json.dumps(values))))
    wrong = [one for body in found if body for one in strings(body) if not isinstance(one[1], str)]
    assert wrong == []
    inner = {body["metadata"].get("namespace") for body in found if body} - {None}
    assert inner == {namespace}


_NUMBERED = {"enabled": True, "host": "12", "className": "1", "tlsSecret": "010"}


def test_large_numbers_are_written_as_the_programs_read_them() -> None:
    """Helm's own way with a million is 1e+06."""
    values = {"operator": {"concurrency": 2_000_000}, "dashboard": {"enabled": True, "history": {"rows": 1_000_000}}}
    env = [one for body in pods(**values).values() for box in body["spec"]["containers"] for one in box.get("env", [])]
    told = {one["name"]: one.get("value") for one in env}
    assert (told["BOARDHAND_CONCURRENCY"], told["BOARDHAND_HISTORY_ROWS"]) == ("2000000", "1000000")


def test_two_releases_of_one_name_share_nothing_that_is_in_no_namespace() -> None:
    """Helm refuses the second one where another's object is in its place."""
    values = ALL | {"watchNamespaces": ["*"]}
    names = [
        {
            (one["kind"], one["metadata"]["name"])
            for one in chart.rendered(namespace, values)
            if one["kind"] in EVERYWHERE
        }
        for namespace in ("first", "second")
    ]
    assert {kind for kind, _ in names[0]} == EVERYWHERE
    assert not names[0] & names[1]


def test_what_is_rendered_without_a_cluster_is_the_same_each_time() -> None:
    """Else tools that compare it with the cluster, such as Argo CD, find a difference at every look."""
    first, second = (chart.rendered(SYSTEM, ALL, tests=True) for _ in range(2))
    assert first == second
    assert [one["metadata"]["name"] for one in first if one["kind"] == "Secret" and one.get("data")] == []


def test_the_egress_proxys_key_is_where_it_is_said_to_be() -> None:
    for values, name in (({}, "boardhand-egress"), ({"keySecret": "mine"}, "mine")):
        found = pods(egressProxy={"enabled": True} | values)
        for component, volume in (("operator", "egress-key"), ("egress-proxy", "key")):
            (its,) = [one for one in found[component]["spec"]["volumes"] if one["name"] == volume]
            assert its["secret"]["secretName"] == name


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"metrics": {"rules": {"enabled": True}}}, "set metrics.enabled: true"),
        ({"metrics": {"serviceMonitor": {"enabled": True}}}, "set metrics.enabled: true"),
        ({"metrics": {"enabled": True, "tokenSecret": "scrape"}}, "set metrics.access: Token"),
        ({"operator": {"webhooks": {"ingress": {"enabled": True}}}}, "set operator.webhooks.enabled: true"),
        ({"dashboard": {"ingress": {"enabled": True}}}, "set dashboard.enabled: true"),
        ({"dashboard": {"service": {"nodePort": 30000}}}, "set dashboard.service.type: NodePort"),
        ({"operator": {"webhooks": {"service": {"nodePort": 30000}}}}, "set operator.webhooks.service.type: NodePort"),
        ({"metrics": {"enabled": True, "port": 8080}}, "metrics.port: the operator's pod has the probes at 8080"),
        (
            {"metrics": {"enabled": True, "port": 8090}, "operator": {"webhooks": {"enabled": True}}},
            "metrics.port: the operator's pod has operator.webhooks.port at 8090",
        ),
        ({"dashboard": {"enabled": True, "port": 8080}}, "dashboard.port: the dashboard's pod has the recorder's"),
    ],
)
def test_a_value_that_would_do_nothing_or_harm_is_refused_with_the_fix(values: Json, said: str) -> None:
    with pytest.raises(TestbedError, match=said):
        chart.rendered(SYSTEM, values)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("1st",), "begin it with a letter"),
        (("a.b",), "begin it with a letter"),
        (("b", "--set", "admission.enabled=true", "--kube-version", "1.29.3"), "Kubernetes v1.29.3 has no"),
    ],
)
def test_a_name_or_a_cluster_that_cannot_have_it_is_refused_with_the_reason(words: tuple[str, ...], said: str) -> None:
    name, *more = words
    with pytest.raises(TestbedError, match=said):
        chart.helm("template", name, str(chart.FOLDER), *more)


@pytest.mark.parametrize("namespaces", [[], ["team"], ["*"]])
def test_no_variable_is_empty(namespaces: list[str]) -> None:
    """The API server keeps one without its value, which is then another object than what was applied."""
    changed = {"watchNamespaces": namespaces, "network": {"lookup": False, "dns": {"addresses": []}}}
    boxes = [box for template in pods(**changed).values() for box in template["spec"]["containers"]]
    assert [one for box in boxes for one in box.get("env", []) if not (one.get("value") or one.get("valueFrom"))] == []
