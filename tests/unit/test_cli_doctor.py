"""`boardhand doctor`'s pure checks: what no server can be made to be, the sums, the words, and the three outputs."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from boardhand_api import crd
from boardhand_cli import doctor
from boardhand_cli.main import app
from boardhand_client.trials import UNTRIED, Trial
from boardhand_client.trials.checks import NAMES, Report, cluster, examine, fitting, network, rights
from boardhand_client.trials.checks.images import wrong_with
from boardhand_client.trials.facts import Facts, Found, Hidden, Namespace, Operator, PoolFacts, Right
from boardhand_client.trials.finding import Finding, Unseen
from boardhand_client.trials.registry import MISSING, NO_REGISTRY, REFUSED
from boardhand_operator.views import Pool
from testbed import chart
from tests.support.api_server import ApiServer, threaded
from tests.support.objects import a_pool, pool_body
from tests.support.terminal import boardhand

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
ROOT = Path(__file__).parents[2]
RESTRICTED: Found = {"metadata": {"labels": {fitting.LEVEL: "restricted"}}}
DEFINITIONS: dict[str, Found] = {str(one["metadata"]["name"]): one for one in crd.definitions()}
WORKBENCH = {"image": "toolchain:1", "verify": ["pytest -q"]}


def facts(**change: Any) -> Facts:
    about: dict[str, Any] = {
        "at": NOW,
        "server_at": NOW,
        "version": {"major": "1", "minor": "34+"},
        "definitions": DEFINITIONS,
        "operator": Operator("boardhand", Hidden("not allowed")),
        "namespaces": {},
        "storage": (),
        "nodes": (),
        "pools": (),
    }
    return Facts(**about | change)


def checks(of: Facts) -> list[str]:
    return [one.check for one in examine(of).findings]


@pytest.mark.parametrize(("minor", "found"), [("28", ["version"]), ("29", []), ("29+", []), ("", [])])
def test_kubernetes_is_new_enough(minor: str, found: list[str]) -> None:
    assert checks(facts(version={"major": "1", "minor": minor})) == found


@given(seconds=st.integers(-100_000, 100_000))
def test_clocks_may_be_half_a_minute_apart(seconds: int) -> None:
    said = list(cluster.clock(facts(at=NOW + timedelta(seconds=seconds))))
    assert bool(said) == (abs(seconds) > 30)


def test_a_definition_of_a_newer_version_asks_for_a_newer_program() -> None:
    newer = json.loads(json.dumps(crd.definitions()[0]))
    schema = newer["spec"]["versions"][0]["schema"]["openAPIV3Schema"]
    schema["properties"]["spec"]["properties"]["tomorrow"] = {"type": "string"}
    known = facts().definitions
    (found,) = examine(facts(definitions={**known, newer["metadata"]["name"]: newer})).findings
    assert (found.check, "spec.tomorrow" in found.found) == ("crd", True)
    assert found.fix == "pip install --upgrade '.[cli]'  # in a newer checkout of Boardhand"


def test_what_may_not_be_looked_at_is_no_finding() -> None:
    hidden = Hidden("not allowed: a sentence")
    pool = PoolFacts(
        pool_body(workbench=WORKBENCH),
        trials={"secret:board": hidden, "models.large": Trial(False, "no answer", reason="Unavailable")},
        policy=hidden,
        refused=hidden,
    )
    report = examine(
        facts(
            definitions=dict.fromkeys(facts().definitions, hidden),
            namespaces={"team": Namespace(hidden, hidden, hidden, hidden)},
            pools=[pool],
        )
    )
    assert report.findings == []
    seen = {one.check for one in report.unseen}
    assert seen == {
        "crd",
        "operator",
        "operator-rights",
        "pod-security",
        "secret",
        "model",
        "network-policy",
        "quota",
        "limit-range",
        "pod",
    }


def test_a_pool_of_another_version_is_said_and_nothing_else_of_it() -> None:
    body = pool_body()
    body["spec"]["tomorrow"] = True
    (found,) = examine(facts(pools=[PoolFacts(body)])).findings
    assert (found.check, "spec" in found.about or "tomorrow" in found.found) == ("spec", True)


def test_the_operators_word_counts_only_where_nothing_else_is_found() -> None:
    body = pool_body(ready=False, workbench=WORKBENCH)
    namespaces = {"team": Namespace(RESTRICTED)}
    pool = PoolFacts(body, refused=None)
    assert checks(facts(pools=[pool], namespaces=namespaces)) == ["pool"]
    found = Trial(False, "said", "fix", (), "ColumnMissing")
    assert checks(facts(pools=[replace(pool, trials={"board": found})], namespaces=namespaces)) == ["board"]
    assert checks(facts(pools=[replace(pool, refused="a policy")], namespaces=namespaces)) == ["pod"]


UNREACHED = Trial(False, "no answer", "see the address", (), "Unavailable")


@pytest.mark.parametrize(
    ("place", "trial", "ready", "found"),
    [
        ("board", UNREACHED, True, []),
        ("board", UNREACHED, False, ["board"]),
        ("models.large", UNREACHED, True, []),
        ("models.large", UNREACHED, False, ["pool"]),
        ("repository.push", UNREACHED, True, []),
        ("repository.push", Trial(False, "not tried", reason=UNTRIED), True, []),
        ("repository.push", Trial(False, "refused", "fix", (), "CredentialsRefused"), True, ["git"]),
        ("models.small.fallback", Trial(False, "refused", "fix", (), "CredentialsRefused"), True, ["model"]),
    ],
)
def test_who_is_not_reached_from_here_may_be_reached_by_the_operator(
    place: str, trial: Trial, ready: bool, found: list[str]
) -> None:
    pool = PoolFacts(pool_body(ready=ready, workbench=WORKBENCH), trials={place: trial})
    report = examine(facts(pools=[pool], namespaces={"team": Namespace(RESTRICTED)}))
    assert [one.check for one in report.findings] == found
    place_seen = [one for one in report.unseen if one.about == "pool team/shop"]
    assert bool(place_seen) == (trial.reason != "CredentialsRefused" and found != ["board"])


def test_cloning_over_ssh_needs_a_key() -> None:
    body = pool_body(workbench=WORKBENCH)
    body["spec"]["repository"]["url"] = "ssh://git@forge.test/shop/cart.git"
    (found,) = examine(facts(pools=[PoolFacts(body)], namespaces={"team": Namespace(RESTRICTED)})).findings
    assert (found.check, found.fix) == ("secret", "spec.repository.readSecretRef: {name: SECRET}")


def test_what_the_operator_says_of_webhooks_is_found() -> None:
    body = pool_body(workbench=WORKBENCH)
    about = {"type": "Webhook", "status": "False", "reason": "SecretKeyMissing", "message": "no webhookSecret"}
    body["status"]["conditions"].append(about | {"lastTransitionTime": "2026-01-01T12:00:00Z"})
    (found,) = examine(facts(pools=[PoolFacts(body)], namespaces={"team": Namespace(RESTRICTED)})).findings
    assert (found.check, found.found) == ("webhook", "SecretKeyMissing: no webhookSecret")


def test_a_suspended_pool_is_as_it_is_to_be() -> None:
    body = pool_body(ready=False)
    body["status"]["conditions"][0]["reason"] = "Suspended"
    assert checks(facts(pools=[PoolFacts(body)], namespaces={"team": Namespace(RESTRICTED)})) == []


@pytest.mark.parametrize(
    ("image", "good"),
    [
        ("python:3.13-slim", True),
        ("registry.example.com:5000/team/tools:2026-11", True),
        ("ghcr.io/team/tools@sha256:" + "a" * 64, True),
        ("python", False),
        ("registry.example.com:5000/team/tools", False),
        ("python:latest", False),
        ("Python:3", False),
        ("https://ghcr.io/team/tools:1", False),
        ("", False),
        ("python: 3", False),
    ],
)
def test_an_image_names_a_version(image: str, good: bool) -> None:
    assert (wrong_with(image) is None) == good


def box(cpu: str, *, sidecar: bool = False) -> dict[str, Any]:
    return {"resources": {"requests": {"cpu": cpu}}} | ({"restartPolicy": "Always"} if sidecar else {})


@pytest.mark.parametrize(
    ("init", "main", "cpu"),
    [
        ([], ["1"], "1"),
        ([box("3")], ["1"], "3"),
        ([box("1", sidecar=True)], ["1"], "2"),
        ([box("1", sidecar=True), box("3")], ["1"], "4"),
        ([box("3"), box("1", sidecar=True)], ["1"], "3"),
        ([box("500m", sidecar=True), box("1", sidecar=True)], ["250m"], "1.75"),
    ],
)
def test_a_pods_needs_are_summed_as_the_scheduler_does(init: list[Any], main: list[str], cpu: str) -> None:
    template = {"spec": {"initContainers": init, "containers": [box(one) for one in main]}}
    assert fitting.needs(template) == {"requests.cpu": Decimal(cpu)}


@given(init=st.lists(st.tuples(st.integers(0, 50), st.booleans()), max_size=6), main=st.integers(0, 50))
def test_a_pod_needs_no_less_than_any_container_and_no_more_than_all(init: list[tuple[int, bool]], main: int) -> None:
    boxes = [box(f"{cpu}m", sidecar=sidecar) for cpu, sidecar in init]
    found = fitting.needs({"spec": {"initContainers": boxes, "containers": [box(f"{main}m")]}})["requests.cpu"] * 1000
    all_of_them = [cpu for cpu, _ in init] + [main]
    assert max(all_of_them) <= found <= sum(all_of_them)


@pytest.mark.parametrize(
    ("spec", "found"),
    [
        ({"hard": {"requests.memory": "1Mi"}}, ["quota"]),
        ({"hard": {"memory": "1Mi"}}, ["quota"]),
        ({"hard": {"pods": "0"}}, ["quota"]),
        ({"hard": {"requests.memory": "1Mi"}, "scopes": ["BestEffort"]}, []),
        ({"hard": {"requests.memory": "1Mi"}, "scopes": ["Terminating"]}, ["quota"]),
        ({"hard": {"services": "0", "limits.memory": "100Gi"}}, []),
    ],
)
def test_a_quota_counts_where_it_is_of_such_pods(spec: dict[str, Any], found: list[str]) -> None:
    quota = {"metadata": {"name": "q"}, "spec": spec}
    namespaces = {"team": Namespace(RESTRICTED, [quota])}
    assert checks(facts(pools=[PoolFacts(pool_body(workbench=WORKBENCH))], namespaces=namespaces)) == found


@pytest.mark.parametrize(
    ("bound", "said"),
    [
        ({"max": {"cpu": "1"}}, "checkout may use 2 cpu"),
        ({"min": {"memory": "1Gi"}}, "checkout asks for 128Mi memory"),
        ({"max": {"cpu": "8"}}, ""),
    ],
)
def test_a_limit_range_names_the_container(bound: Mapping[str, Any], said: str) -> None:
    ranges = [{"metadata": {"name": "r"}, "spec": {"limits": [{"type": "Container", **bound}]}}]
    pool = PoolFacts(pool_body(workbench=WORKBENCH))
    report = examine(facts(pools=[pool], namespaces={"team": Namespace(RESTRICTED, (), ranges)}))
    assert [one.check for one in report.findings] == (["limit-range"] if said else [])
    assert said in "".join(one.found for one in report.findings)


GOOD: dict[str, Any] = {
    "nodeInfo": {"kubeletVersion": "v1.34.1", "kernelVersion": "6.12.0"},
    "runtimeHandlers": [{"name": "", "features": {"userNamespaces": True}}],
}
OLD = GOOD | {"nodeInfo": {"kubeletVersion": "v1.34.1", "kernelVersion": "5.15.0"}}
TAINT = {"key": "team", "value": "a", "effect": "NoSchedule"}
CHOSEN: dict[str, Any] = {"nodeAffinity": {"requiredDuringSchedulingIgnoredDuringExecution": {"nodeSelectorTerms": []}}}


def a_node(status: dict[str, Any], *taints: dict[str, str], **labels: str) -> dict[str, Any]:
    return {"metadata": {"name": "n-1", "labels": labels}, "spec": {"taints": list(taints)}, "status": status}


def an_operator(**environment: str) -> Operator:
    env = [{"name": f"BOARDHAND_{name}", "value": value} for name, value in environment.items()]
    box = {"image": "boardhand/operator:1", "env": [*env, {"name": "BOARDHAND_RUNNER_IMAGE", "value": "runner:1"}]}
    spec = {"template": {"spec": {"containers": [box]}}}
    deployment: Found = {"metadata": {"name": "boardhand"}, "spec": spec, "status": {"readyReplicas": 1}}
    return Operator("boardhand", deployment)


@pytest.mark.parametrize(
    ("usual", "pod", "node", "fix"),
    [
        ("Never", {"userNamespaces": "Always"}, a_node(OLD), "spec.pod.userNamespaces: Auto"),
        ("Always", {"userNamespaces": "Always"}, a_node(OLD), "spec.pod.userNamespaces: Never"),
        ("Always", {"userNamespaces": "Auto"}, a_node(OLD), "spec.pod.userNamespaces: Never"),
        ("Always", {}, a_node(OLD), "spec.pod.userNamespaces: Never"),
        ("Always", {}, a_node(GOOD), ""),
        ("Always", {"userNamespaces": "Never"}, a_node(OLD), ""),
        ("Auto", {}, a_node(OLD), ""),
        ("Never", {}, a_node(OLD), ""),
        ("Always", {"nodeSelector": {"pool": "new"}}, a_node(OLD, pool="old"), ""),
        ("Always", {"nodeSelector": {"pool": "new"}}, a_node(OLD, pool="new"), "spec.pod"),
        ("Always", {}, a_node(OLD, TAINT), ""),
        ("Always", {}, a_node(OLD, TAINT | {"effect": "PreferNoSchedule"}), "spec.pod"),
        ("Always", {"tolerations": [TAINT]}, a_node(OLD, TAINT), "spec.pod"),
        ("Always", {"tolerations": [TAINT | {"value": "b"}]}, a_node(OLD, TAINT), ""),
        ("Always", {"tolerations": [{"operator": "Exists"}]}, a_node(OLD, TAINT), "spec.pod"),
        ("Always", {"tolerations": [{"operator": "Exists", "effect": "NoExecute"}]}, a_node(OLD, TAINT), ""),
    ],
)
def test_all_nodes_that_a_pod_may_go_to_can_give_it_users_of_its_own(
    usual: str, pod: dict[str, Any], node: dict[str, Any], fix: str
) -> None:
    body = pool_body(workbench=WORKBENCH, pod=pod)
    namespaces = {"team": Namespace(RESTRICTED)}
    operator = an_operator(USER_NAMESPACES=usual)
    found = examine(
        facts(operator=operator, nodes=[a_node(GOOD), node], pools=[PoolFacts(body)], namespaces=namespaces)
    ).findings
    assert [one.check for one in found if one.about == "pool team/shop"] == (["user-namespaces"] if fix else [])
    if fix:
        assert (found[0].fix.startswith(fix), "node n-1" in found[0].found) == (True, True)
        assert "its kernel is 5.15.0" in found[0].found


@pytest.mark.parametrize(
    ("nodes", "pod", "why"),
    [
        (Hidden("not allowed"), {}, "not allowed"),
        ([a_node(OLD)], {"runtimeClassName": "kata"}, "it has a runtime class, of which nodes do not say it"),
        ([a_node(OLD)], {"affinity": CHOSEN}, "whether its affinity leads there was not seen"),
    ],
)
def test_nodes_that_do_not_tell_are_not_looked_at(nodes: Any, pod: dict[str, Any], why: str) -> None:
    body = pool_body(workbench=WORKBENCH, pod=pod | {"userNamespaces": "Always"})
    its = PoolFacts(body, named={("RuntimeClass", "kata"): {}})
    report = examine(facts(nodes=nodes, pools=[its], namespaces={"team": Namespace(RESTRICTED)}))
    assert report.findings == []
    assert [one.why.endswith(why) for one in report.unseen if one.check == "user-namespaces"] == [True]


@pytest.mark.parametrize(
    ("lists", "said", "hidden"), [(True, [], 0), (None, [], 0), (False, ["operator-rights"], 0), (Hidden("no"), [], 1)]
)
def test_who_asks_the_nodes_may_list_them(lists: bool | Hidden | None, said: list[str], hidden: int) -> None:
    operator = replace(an_operator(USER_NAMESPACES="Auto"), lists_nodes=lists)
    report = examine(facts(operator=operator))
    assert [one.check for one in report.findings] == said
    assert [one.about for one in report.unseen] == ["the cluster"] * hidden
    assert all(one.fix.endswith("--reset-then-reuse-values --set userNamespaces=Auto") for one in report.findings)


IMAGE, REFUSAL = "spec.workbench.image", Trial(False, "it is refused", reason=REFUSED)
SECRETS = {"imagePullSecrets": [{"name": "registry"}]}


@pytest.mark.parametrize(
    ("field", "trial", "pod", "found", "fix"),
    [
        (IMAGE, Trial(True, "there"), {}, [], ""),
        (IMAGE, Trial(False, "none", reason=MISSING), {}, ["image"], "spec.workbench.image: HOST/NAME:VERSION"),
        (IMAGE, REFUSAL, {}, ["image"], "and spec.pod.imagePullSecrets: [{name: NAME}]"),
        (IMAGE, REFUSAL, SECRETS, ["pull-secret"], "docker-registry registry --docker-server=HOST"),
        (IMAGE, UNREACHED, {}, [], ""),
        (IMAGE, Hidden("not allowed"), {}, [], ""),
        ("runner.image", Trial(False, "none", reason=NO_REGISTRY), {}, ["image"], "--set runner.image=HOST/NAME"),
    ],
)
def test_an_image_that_cannot_be_pulled_is_found(
    field: str, trial: Trial | Hidden, pod: dict[str, Any], found: list[str], fix: str
) -> None:
    its = PoolFacts(pool_body(workbench=WORKBENCH, pod=pod), images={field: trial}, secrets={"registry": None})
    report = examine(facts(operator=an_operator(), pools=[its], namespaces={"team": Namespace(RESTRICTED)}))
    about = "Deployment boardhand/boardhand" if field == "runner.image" else "pool team/shop"
    mine = [one for one in report.findings if one.about == about]
    assert [one.check for one in mine] == found
    assert all(fix in one.fix for one in mine)
    told = isinstance(trial, Hidden) or trial is UNREACHED
    assert [one.check for one in report.unseen if one.about == "pool team/shop"] == (["image"] if told else [])


def test_a_runner_image_that_is_not_there_is_said_once() -> None:
    missing = {"runner.image": Trial(False, "none", reason=MISSING)}
    pools = [PoolFacts(pool_body(name, workbench=WORKBENCH), images=missing) for name in ("shop", "cart")]
    report = examine(facts(operator=an_operator(), pools=pools, namespaces={"team": Namespace(RESTRICTED)}))
    assert [one.about for one in report.findings if "none" in one.found] == ["Deployment boardhand/boardhand"]


def test_a_pull_secret_that_is_refused_is_made_anew_and_one_that_is_none_is_said() -> None:
    held: dict[str, Any] = {"metadata": {"name": "registry"}, "type": "kubernetes.io/dockerconfigjson", "data": {}}
    its = PoolFacts(pool_body(workbench=WORKBENCH, pod=SECRETS), images={IMAGE: REFUSAL}, secrets={"registry": held})
    (found,) = examine(facts(pools=[its], namespaces={"team": Namespace(RESTRICTED)})).findings
    assert (found.check, "is no list of registries" in found.found) == ("pull-secret", True)
    held["data"] = {".dockerconfigjson": base64.b64encode(b'{"auths": {}}').decode()}
    (found,) = examine(facts(pools=[its], namespaces={"team": Namespace(RESTRICTED)})).findings
    make = "create secret docker-registry registry --from-file=.dockerconfigjson=FILE --dry-run=client -o yaml"
    assert (found.check, make in found.fix) == ("image", True)


def a_proxied_pool(**egress: Any) -> Pool:
    return a_pool(egress={"mode": "Proxy", "hosts": ["x.example"]} | egress, workbench=WORKBENCH)


@pytest.mark.parametrize(
    ("hosts", "through"),
    [
        (["forge.test"], True),
        (["*.test"], True),
        (["forge.test:80"], True),
        (["forge.test:8443"], False),
        (["*.forge.test"], False),
        (["other.test"], False),
    ],
)
def test_a_pools_own_servers_are_let_through(hosts: list[str], through: bool) -> None:
    pool = a_proxied_pool(hosts=hosts)
    env = [{"name": "BOARDHAND_EGRESS_PROXY", "value": "x:1"}]
    spec = {"template": {"spec": {"containers": [{"env": env}]}}}
    deployment: Found = {"metadata": {"name": "boardhand"}, "spec": spec}
    ready: Found = {"status": {"readyReplicas": 1}}
    said = list(network.proxy(PoolFacts(dict(pool.body)), pool, Operator("boardhand", deployment, egress=ready)))
    assert bool(said) != through


def test_the_operators_rights_are_the_charts() -> None:
    """One list in the chart, one here: they are the same."""
    helper = (chart.FOLDER / "templates" / "_helpers.tpl").read_text()
    rules = yaml.safe_load(helper.partition('define "boardhand.rules" -}}')[2].partition("{{- end }}")[0])
    listed = {
        Right(group, resource, verb)
        for rule in rules
        for group in rule["apiGroups"]
        for resource in rule["resources"]
        for verb in rule["verbs"]
    }
    assert set(rights.OPERATOR) == listed


REPORT = Report(
    [Finding("board", "pool team/shop", "[red]no[/red] column", "spec.board.columns: {ready: 'x'}")],
    [Unseen("crd", "CustomResourceDefinition x", "not allowed")],
)


@pytest.mark.parametrize(("report", "code"), [(REPORT, 1), (Report([], []), 0), (Report([], REPORT.unseen), 0)])
def test_the_exit_code_says_whether_something_is_wrong(
    report: Report, code: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def looked(*_: object) -> Report:
        return report

    monkeypatch.setattr(doctor, "_looked", looked)
    done = {form: CliRunner().invoke(app, ["doctor", "-o", form]) for form in ("table", "json", "yaml")}
    assert {one.exit_code for one in done.values()} == {code}
    said = json.loads(done["json"].stdout)
    assert said == yaml.safe_load(done["yaml"].stdout)
    assert len(said["findings"]) == len(report.findings)
    assert ("nothing is wrong" in done["table"].stdout) == (code == 0)
    for one in report.findings:
        assert one.fix in done["table"].stdout
        assert one.found in done["table"].stdout


def test_docs_list_every_check() -> None:
    text = (ROOT / "docs" / "doctor.md").read_text()
    assert [name for name in NAMES if f"| `{name}` |" not in text] == []


def test_who_may_list_no_pools_is_told_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with threaded(ApiServer(denied={("list", "codingagents")})) as server:
        monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path / "config")))
        for asked in ([], ["shop"], ["-n", "team"]):
            code, out, _ = boardhand("doctor", "--no-trials", "-o", "json", *asked)
            found = json.loads(out)["findings"]
            mine = [one for one in found if one["check"] == "your-rights"]
            assert (code, [one["about"] for one in mine]) == (doctor.FOUND, ["namespace team"])
            assert "list codingagents.boardhand.dev" in mine[0]["found"]
            assert "pools" not in {one["check"] for one in found}


def test_what_is_no_api_server_is_a_finding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with threaded(ApiServer(version={})) as server:
        monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path / "config")))
        code, out, _ = boardhand("doctor", "-o", "json")
    (found,) = json.loads(out)["findings"]
    assert (code, found["check"], "404" in found["found"]) == (doctor.FOUND, "cluster", True), found
