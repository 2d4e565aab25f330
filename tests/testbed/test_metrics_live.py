"""A real Prometheus scrapes a real operator on a real API server: every panel of the dashboard has something to show.

Played are pools with boards, runs that succeed, fail and wait, a webhook without a signature. The operator works by the
chart's rules, tells its metrics only to who the API server lets, its log is JSON, and traces go to a collector.
"""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest

from boardhand_api.events import Step
from boardhand_api.failures import FailureClass
from boardhand_api.order import Order
from boardhand_api.pod import LABEL_SETTLED, Stage
from boardhand_api.result import Usage
from testbed import chart
from testbed.board import TrelloClient
from testbed.load import Fate, LoadCluster, OperatorProcess, Player, green, objects, standins
from testbed.load.api import GROUP
from testbed.load.fate import red, refused
from testbed.load.ports import free_ports
from testbed.load.programs import OPERATOR_NAMESPACE, OPERATOR_USER
from testbed.otlp import Receiver, receiving
from testbed.prometheus import Server, promtool, scraping
from testbed.rights import calls, compare, grants
from testbed.shell import TestbedError

pytestmark = pytest.mark.slow

SPACE = "team-a"
DASHBOARD = chart.FOLDER / "files" / "grafana" / "boardhand.json"
SECONDS = 90.0
EMPTY: dict[str, str] = {}
"""Panels that may show nothing here, with the reason."""
VALUES = {
    "watchNamespaces": [SPACE],
    "metrics": {"enabled": True, "access": "Review", "rules": {"enabled": True}},
}
Json = dict[str, Any]


@dataclass(frozen=True)
class Told(Fate):
    """With a whole log: what models answered before the end."""

    def log(self) -> str | None:
        usage = Usage(prompt_tokens=400, cached_tokens=100, completion_tokens=40, money=Decimal("0.01"))
        at = "2026-01-01T00:00:00Z"
        steps = [Step(at=at, number=1, role=role, usage=usage, seconds=1) for role in ("route", "coder")]
        lines = "".join(f"{step.model_dump_json(by_alias=True)}\n" for step in steps)
        return lines + (super().log() or "")


def decide(order: Order) -> Fate:
    """By the ticket's title."""
    title = order.ticket.title
    if "asks" in title:
        fate = refused(order, FailureClass.NEEDS_INFO, "Question", "Which tax?")
    else:
        fate = red(order) if "red" in title else green(order)
    if "stays" in title:
        fate = Fate({Stage.CHECKOUT: fate.ends[Stage.CHECKOUT]})
    return Told(fate.ends, fate.result)


def rendered(kinds: str) -> list[Json]:
    found = chart.rendered(OPERATOR_NAMESPACE, VALUES)
    return [body for body in found if re.fullmatch(kinds, body["kind"])]


class Scene:
    """A cluster with an operator that is watched."""

    def __init__(self, cluster: LoadCluster, receiver: Receiver) -> None:
        self.cluster = cluster
        self.metrics, self.webhooks = free_ports(2)
        env = {
            "BOARDHAND_NAMESPACES": SPACE,
            "BOARDHAND_METRICS": f"127.0.0.1:{self.metrics}",
            "BOARDHAND_METRICS_REVIEW": "true",
            "BOARDHAND_WEBHOOKS": f"127.0.0.1:{self.webhooks}",
            "BOARDHAND_OTLP_ENDPOINT": receiver.url,
            "BOARDHAND_LOG_FORMAT": "json",
        }
        self.operator = OperatorProcess(cluster, "operator-a", lease=chart.RELEASE, env=env)
        self.forge = standins.start_gitea(cluster, [f"load/{SPACE}"])
        self.token = reader_token(cluster)

    async def pushed(self, order: Order, commit: str) -> None:
        body = {"repository": f"load/{SPACE}", "branch": order.branch, "commit": commit}
        async with httpx.AsyncClient(trust_env=False) as http:
            (await http.post(f"{self.forge}/_testbed/push", json=body)).raise_for_status()

    def settled(self) -> int:
        return len(list(self.cluster.api.list(f"{GROUP}/namespaces/{SPACE}/ticketruns", LABEL_SETTLED)))

    def answer(self, token: str) -> httpx.Response:
        headers = {"authorization": f"Bearer {token}"} if token else {}
        return httpx.get(f"http://127.0.0.1:{self.metrics}/metrics", headers=headers, trust_env=False, timeout=10)


def reader_token(cluster: LoadCluster) -> str:
    """Of a service account that may get /metrics."""
    api, rbac = cluster.api, "/apis/rbac.authorization.k8s.io/v1"
    rules = [{"nonResourceURLs": ["/metrics"], "verbs": ["get"]}]
    api.create(f"{rbac}/clusterroles", {"metadata": {"name": "metrics-reader"}, "rules": rules})
    account = {"kind": "ServiceAccount", "name": "prometheus", "namespace": OPERATOR_NAMESPACE}
    role = {"apiGroup": "rbac.authorization.k8s.io", "kind": "ClusterRole", "name": "metrics-reader"}
    body = {"metadata": {"name": "metrics-reader"}, "roleRef": role, "subjects": [account]}
    api.create(f"{rbac}/clusterrolebindings", body)
    return token_of(cluster, "prometheus")


def token_of(cluster: LoadCluster, account: str) -> str:
    place = f"/api/v1/namespaces/{OPERATOR_NAMESPACE}/serviceaccounts"
    cluster.api.create(place, {"metadata": {"name": account}})
    asked = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {}}
    made = cluster.api.create(f"{place}/{account}/token", asked)
    return str(made["status"]["token"])


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadCluster]:
    state = tmp_path_factory.mktemp("metrics") / "state"
    with LoadCluster(state, audited=True, rights=rendered("(Cluster)?Role(Binding)?")) as made:
        made.namespace(SPACE)
        made.add_nodes(1)
        yield made


async def until(what: Any) -> None:
    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(what):
            await asyncio.sleep(0.2)


@asynccontextmanager
async def playing(cluster: LoadCluster) -> AsyncIterator[tuple[Scene, Receiver]]:
    async with receiving() as receiver:
        scene = Scene(cluster, receiver)
        await asyncio.to_thread(scene.operator.start)
        await asyncio.to_thread(scene.operator.wait_ready)
        try:
            async with Player(cluster, decide, scene.pushed).playing():
                yield scene, receiver
        except TimeoutError:
            pytest.fail(f"it did not come to that; {scene.operator.log.read_text()[-4000:]}")
        finally:
            await asyncio.to_thread(scene.operator.stop)


def a_pool(scene: Scene) -> tuple[TrelloClient, str]:
    """With a board, money, and three places."""
    url = standins.start_trello(scene.cluster)
    client = TrelloClient(url, objects.TRELLO_KEY, objects.TRELLO_TOKEN)
    board = client.board(SPACE)
    limits = {"concurrency": 3, "money": 1, "deadlineSeconds": 3600, "retrySeconds": 1}
    budget = {"day": 20, "month": 100}
    body = objects.pool(SPACE, SPACE, board, url, scene.forge, budget=budget, limits=limits)
    for model in body["spec"]["models"].values():
        model["price"] = {"prompt": 1, "completion": 1}
    scene.cluster.apply(body)
    return client, board


def play(scene: Scene) -> None:
    """Four cards that end, two that stay at work, one that waits; a stranger's webhook."""
    client, board = a_pool(scene)
    for title in (
        "Card one",
        "Card two",
        "Card red",
        "Card asks",
        "Card stays",
        "Card stays on",
        "Card stays, too",
        "Card",
    ):
        client.add_card(board, title, "Please.")
    httpx.post(f"http://127.0.0.1:{scene.webhooks}/webhooks/{SPACE}/{SPACE}", content=b"{}", trust_env=False)


def panels() -> list[Json]:
    return [panel for panel in json.loads(DASHBOARD.read_text())["panels"] if panel["type"] != "row"]


def query_of(expression: str) -> str:
    """As Grafana fills it in, with everything chosen."""
    filled = expression.replace("$__rate_interval", "120s").replace("$__range", "120s")
    return filled.replace("$namespace", ".*").replace("$pool", ".*")


def without_data(server: Server) -> dict[str, str]:
    """Panels and expressions that show nothing, or no number."""
    found = {}
    for panel in panels():
        for target in panel["targets"]:
            values = [one["value"][1] for one in server.query(query_of(target["expr"]))]
            if not any(value not in ("NaN", "+Inf") for value in values):
                found[panel["title"]] = target["expr"]
    return found


async def test_every_panel_has_something_to_show(cluster: LoadCluster, tmp_path: Path) -> None:
    (rule,) = rendered("PrometheusRule")
    async with playing(cluster) as (scene, receiver):
        authorization = {"authorization": {"credentials": scene.token}}
        # Of the Service's namespace, as a ServiceMonitor has it.
        found = {"targets": [f"127.0.0.1:{scene.metrics}"], "labels": {"namespace": OPERATOR_NAMESPACE}}
        more = authorization | {"static_configs": [found]}
        with scraping(tmp_path, f"{chart.RELEASE}-metrics", [], rules=rule["spec"], more=more) as server:
            await until(lambda: server.query("up == 1"))
            await asyncio.to_thread(play, scene)
            await until(lambda: scene.settled() >= 4)
            await until(lambda: set(without_data(server)) == set(EMPTY))
            assert {told["health"] for told in server.rules()} == {"ok"}
            critical = [one["metric"]["alertname"] for one in server.query('ALERTS{alertstate="firing"}')]
            assert critical == []
        lets_in(scene)
        await until(lambda: len({span.trace for span in receiver.spans}) >= 4)
    traced(receiver)
    logged(scene)
    asked_for_no_more_than_the_rules_give(cluster)


def lets_in(scene: Scene) -> None:
    """Who may read them, and what promtool says of what is read."""
    statuses = [scene.answer(token).status_code for token in ("", "forged", token_of(scene.cluster, "curious"))]
    assert statuses == [401, 401, 403]
    text = scene.answer(scene.token).text
    assert promtool("check", "metrics", stdin=text) == ""
    assert 'boardhand_runs_finished_total{class="Red"' in text
    assert f'model="none-large",namespace="{SPACE}"' in text
    assert "Card" not in text


def test_promtool_would_say_what_is_wrong() -> None:
    with pytest.raises(TestbedError, match="counter metrics should have"):
        promtool("check", "metrics", stdin="# HELP runs x\n# TYPE runs counter\nruns 1\n")


def traced(receiver: Receiver) -> None:
    names = {span.name for span in receiver.spans}
    assert {"ticket", "run", "checkout", "invoke_agent coder", "chat none-large", "publish", "verify"} <= names
    assert len(receiver.whole()) == len(receiver.spans)


def logged(scene: Scene) -> None:
    """Each line is an event, none of them an error."""
    lines = [json.loads(line) for line in scene.operator.log.read_text().splitlines()]
    assert [line for line in lines if line["level"] in ("error", "critical")] == []
    assert any(line.get("pool") == SPACE and line.get("run") and line.get("ticket") for line in lines)


def asked_for_no_more_than_the_rules_give(cluster: LoadCluster) -> None:
    given = grants(rendered("(Cluster)?Role(Binding)?"), chart.RELEASE)
    assert compare(given, calls(cluster.layout.audit_log, OPERATOR_USER)).beyond == []
