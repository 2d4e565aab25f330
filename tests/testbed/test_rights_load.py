"""The operator works by the chart's rules on a real API server: all that it asks for is given, all given is used.

Played are cards that become pull requests, one that is taken away at work, retention, minted tokens and their renewal,
a volume, a pool that changes under a run with what its pods may reach, and a restart.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from boardhand_api.order import Order
from boardhand_api.pod import LABEL_SETTLED, Stage
from boardhand_operator.minted.secret import ENDS
from testbed import chart
from testbed.board import TrelloClient
from testbed.github import pull_desk, token_desk
from testbed.github.app import create_app
from testbed.github.state import GitHubState
from testbed.load import Fate, LoadCluster, OperatorProcess, Player, StageEnd, green, objects, standins
from testbed.load.api import GROUP, Json, context
from testbed.load.fate import red
from testbed.load.programs import OPERATOR_NAMESPACE, OPERATOR_USER
from testbed.manifests import run
from testbed.rights import Comparison, Right, calls, compare, grants
from tests.contract.serving import serving
from tests.unit.test_github_app import key, pem

pytestmark = pytest.mark.slow

BOARD, HAND, ELSEWHERE = "team-a", "team-b", "elsewhere"
SECONDS = 60.0
RARE = {
    # Read anew where somebody else wrote the pool in the moment that money was booked: it need not happen.
    Right("boardhand.dev", "codingagents", "get"): "test_operator_money.py::"
    "test_an_operator_that_slept_books_nothing_that_was_booked_and_forgotten",
}
"""What only a rare path uses, with the test that shows that path."""
APPS = f"/api/v1/namespaces/{HAND}"


def rules(namespaces: list[str]) -> list[Json]:
    """Roles and bindings of a release that works these namespaces."""
    objects = chart.rendered(OPERATOR_NAMESPACE, {"watchNamespaces": namespaces, "userNamespaces": "Auto"})
    return [body for body in objects if body["apiVersion"].startswith("rbac.")]


class Scene:
    """Two namespaces whose pools are worked by the chart's rules, a third one, and all that happens in them."""

    def __init__(self, cluster: LoadCluster) -> None:
        self.cluster = cluster
        names = {"BOARDHAND_NAMESPACES": f"{BOARD},{HAND}", "BOARDHAND_USER_NAMESPACES": "Auto"}
        self.operator = OperatorProcess(cluster, "operator-a", lease=chart.RELEASE, env=names)
        self.forge = standins.start_gitea(cluster, [f"load/{BOARD}"])
        self.held: set[str] = set()
        """Titles of tickets whose pods stay at their agent."""

    def decide(self, order: Order) -> Fate:
        whole = green(order)
        if order.ticket.title.startswith("Card"):
            # What the agent says fits into no termination message, so its log is read.
            whole = replace(whole, ends=whole.ends | {Stage.AGENT: StageEnd()})
        if order.ticket.title == "red":
            return red(order)
        return Fate({Stage.CHECKOUT: whole.ends[Stage.CHECKOUT]}) if order.ticket.title in self.held else whole

    async def pushed(self, order: Order, commit: str) -> None:
        """What a pod's publish stage does at the forge."""
        if order.repository.startswith(self.forge):
            body = {"repository": f"load/{BOARD}", "branch": order.branch, "commit": commit}
            async with httpx.AsyncClient(trust_env=False) as http:
                (await http.post(f"{self.forge}/_testbed/push", json=body)).raise_for_status()

    def runs(self, namespace: str, selector: str = "") -> list[Json]:
        return list(self.cluster.api.list(f"{GROUP}/namespaces/{namespace}/ticketruns", selector))

    def status(self, name: str) -> Json:
        found: Json = self.cluster.api.get(f"{GROUP}/namespaces/{HAND}/ticketruns/{name}").get("status") or {}
        return found

    def apply_run(self, name: str, pool: str) -> None:
        self.cluster.api.create(f"{GROUP}/namespaces/{HAND}/ticketruns", run(HAND, name, pool, name, "Please."))

    def cancel(self, name: str) -> None:
        self.cluster.api.patch(f"{GROUP}/namespaces/{HAND}/ticketruns/{name}", {"spec": {"cancel": True}})

    async def restart(self) -> None:
        await asyncio.to_thread(self.operator.stop)
        self.operator.start()
        await asyncio.to_thread(self.operator.wait_ready)


async def until(what: Callable[[], Any]) -> None:
    async with asyncio.timeout(SECONDS):
        while not await asyncio.to_thread(what):
            await asyncio.sleep(0.1)


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LoadCluster]:
    state = tmp_path_factory.mktemp("rights") / "state"
    with LoadCluster(state, audited=True, rights=rules([BOARD, HAND])) as made:
        for name in (BOARD, HAND, ELSEWHERE):
            made.namespace(name)
        made.add_nodes(1)
        yield made


async def cards(scene: Scene) -> None:
    """Two cards become pull requests, a third one is taken away at work; of all runs one is kept."""
    trello = standins.start_trello(scene.cluster)
    client = TrelloClient(trello, objects.TRELLO_KEY, objects.TRELLO_TOKEN)
    board = client.board(BOARD)
    money: dict[str, Any] = {
        "budget": {"day": 20},
        "retention": {"runs": 1},
        "limits": {"concurrency": 5, "money": 1, "deadlineSeconds": 3600, "retrySeconds": 1},
    }
    body = objects.pool(BOARD, BOARD, board, trello, scene.forge, **money)
    for model in body["spec"]["models"].values():
        model["price"] = {"prompt": 1, "completion": 1}
    scene.cluster.apply(body)
    for number in range(2):
        client.add_card(board, f"Card {number}", "Please.")
    await until(lambda: len(scene.runs(BOARD, LABEL_SETTLED)) == 2)
    scene.held.add("Stopped")
    card = str(client.add_card(board, "Stopped", "Please.")["id"])
    await until(lambda: any((body.get("status") or {}).get("phase") == "Working" for body in scene.runs(BOARD)))
    client.move(board, card, "Done")
    await until(lambda: len(scene.runs(BOARD, LABEL_SETTLED)) == 3)


async def tokens(scene: Scene) -> None:
    """A run's tokens are minted, renewed once they end soon, and gone with the run."""
    state = GitHubState({}, "http://github.test", now=time.time)
    pull_desk.push(state, state.add_repository("shop/cart"), "main")
    app = token_desk.add_app(state, "boardhand", key().public_key())
    may = {"contents": "write", "pull_requests": "write", "checks": "read", "statuses": "read"}
    token_desk.install(state, app, "shop", may)
    about = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "app", "namespace": HAND}}
    scene.cluster.apply(about | {"stringData": {"appId": str(app.id), "privateKey": pem()}})
    async with serving(create_app(state)) as url:
        app_secret = {"name": "app"}
        repository = {"url": f"{url}/shop/cart.git", "readSecretRef": app_secret, "pushSecretRef": app_secret}
        forge = {"type": "github", "url": url, "secretRef": {"name": "app"}}
        body = objects.pool(HAND, "app", None, "", None)
        body["spec"] |= {"repository": repository | {"branch": "main"}, "forge": forge}
        await asyncio.to_thread(scene.cluster.apply, body)
        scene.held.add("minted")
        scene.apply_run("minted", "app")
        await until(lambda: scene.status("minted").get("phase") == "Working")
        # The pool changes what its runs may reach, and the tokens end soon: a new operator finds both out.
        soon = {"metadata": {"annotations": {ENDS: "2026-01-01T00:00:00Z"}}}
        scene.cluster.api.patch(f"{APPS}/secrets/minted-git", soon)
        body["spec"]["egress"] = {"mode": "Restricted", "to": [{"cidr": "203.0.113.7/32"}]}
        await asyncio.to_thread(scene.cluster.apply, body)
        await scene.restart()
        await until(lambda: _ends(scene) != "2026-01-01T00:00:00Z")
        scene.cancel("minted")
        await until(lambda: scene.status("minted").get("phase") == "Cancelled")
        await until(lambda: "minted-git" not in _names(scene, "secrets"))


def _ends(scene: Scene) -> str:
    return str(scene.cluster.api.get(f"{APPS}/secrets/minted-git")["metadata"]["annotations"][ENDS])


def _names(scene: Scene, plural: str) -> set[str]:
    return {body["metadata"]["name"] for body in scene.cluster.api.list(f"{APPS}/{plural}")}


async def volumes(scene: Scene) -> None:
    """A run waits for a volume of its name that is somebody else's, then has its own, which goes with it."""
    scene.cluster.apply(objects.pool(HAND, "kept", None, "", None, persistence={"size": "1Gi"}))
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    scene.cluster.api.create(f"{APPS}/persistentvolumeclaims", {"metadata": {"name": "kept"}, "spec": claim})
    scene.apply_run("kept", "kept")
    await until(lambda: "does not own" in str(scene.status("kept").get("conditions")))
    # Nobody is there who would say that no pod holds it.
    scene.cluster.api.patch(f"{APPS}/persistentvolumeclaims/kept", {"metadata": {"finalizers": None}})
    scene.cluster.api.delete(f"{APPS}/persistentvolumeclaims/kept")
    await until(lambda: scene.status("kept").get("volume") == "kept")
    scene.cancel("kept")
    await until(lambda: "deletionTimestamp" in scene.cluster.api.get(f"{APPS}/persistentvolumeclaims/kept")["metadata"])


async def failing(scene: Scene) -> None:
    """A run fails: its Job leaves the watches only by a label."""
    scene.cluster.apply(objects.pool(HAND, "plain", None, "", None))
    scene.apply_run("red", "plain")
    await until(lambda: [body["metadata"]["name"] for body in scene.runs(HAND, LABEL_SETTLED)].count("red"))
    assert scene.status("red")["phase"] == "Failed"


async def played(scene: Scene) -> Comparison:
    """All of it, and then what the audit log says."""
    scene.operator.start()
    await asyncio.to_thread(scene.operator.wait_ready)
    try:
        async with Player(scene.cluster, scene.decide, scene.pushed).playing():
            for feature in (volumes, failing, cards, tokens):
                await feature(scene)
            await until(lambda: len(scene.runs(BOARD)) == 1)
    except TimeoutError:
        told = [body.get("status") for body in scene.cluster.api.list(f"{GROUP}/namespaces/{HAND}/codingagents")]
        pytest.fail(f"it did not come to that; {told}; {scene.operator.log.read_text()[-8000:]}")
    finally:
        scene.operator.stop()
    return compare(grants(rules([BOARD, HAND]), chart.RELEASE), calls(scene.cluster.layout.audit_log, OPERATOR_USER))


async def test_the_rules_are_what_the_operator_uses_both_ways(cluster: LoadCluster) -> None:
    found = await played(Scene(cluster))
    assert found.beyond == []
    assert sorted(set(found.unused) - set(RARE)) == []


def test_a_rare_path_is_shown_by_a_test() -> None:
    for shown in RARE.values():
        file, _, test = shown.partition("::")
        assert f"def {test}(" in (Path(__file__).parents[1] / "unit" / file).read_text()


def as_operator(cluster: LoadCluster) -> httpx.Client:
    """The API server, asked with the operator's own certificate."""
    at = cluster.layout
    return httpx.Client(base_url=at.server, verify=context(at, "operator"), trust_env=False)


@pytest.mark.parametrize(
    ("namespace", "name", "status"),
    [(BOARD, "forge", 200), (HAND, "forge", 200), (ELSEWHERE, "forge", 403), (BOARD, "", 403), ("", "", 403)],
)
def test_secrets_are_read_one_by_one_and_in_the_named_namespaces(
    cluster: LoadCluster, namespace: str, name: str, status: int
) -> None:
    place = f"namespaces/{namespace}/" if namespace else ""
    with httpx.Client(
        base_url=cluster.layout.server, verify=context(cluster.layout, "operator"), trust_env=False
    ) as http:
        assert http.get(f"/api/v1/{place}secrets/{name}").status_code == status


def test_with_cluster_wide_rules_none_lists_or_watches_secrets(tmp_path: Path) -> None:
    with LoadCluster(tmp_path / "state", pods=False, rights=rules(["*"])) as made:
        made.namespace(ELSEWHERE)
        with httpx.Client(
            base_url=made.layout.server, verify=context(made.layout, "operator"), trust_env=False
        ) as http:
            assert http.get(f"/api/v1/namespaces/{ELSEWHERE}/secrets/forge").status_code == 200
            for path in (f"/api/v1/namespaces/{ELSEWHERE}/secrets", "/api/v1/secrets", "/api/v1/secrets?watch=true"):
                assert http.get(path).status_code == 403
            made.apply(objects.namespace(OPERATOR_NAMESPACE))
            refused = http.get(f"/apis/coordination.k8s.io/v1/namespaces/{OPERATOR_NAMESPACE}/leases/others")
            assert refused.status_code == 403
