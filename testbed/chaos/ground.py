"""What chaos happens on: the stand-ins, a board and a repository a pool, the pools, and the tickets that come."""

from __future__ import annotations

import asyncio
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from boardhand_api.order import Order
from testbed.board import COLUMNS, TrelloClient
from testbed.chaos.plan import Form
from testbed.load import LoadCluster, objects
from testbed.load.player import PushFailed
from testbed.load.ports import free_ports
from testbed.shell import wait_for

NAMESPACE = "chaos"
READY, DOING, REVIEW = COLUMNS[:3]
_ROOT = Path(__file__).resolve().parents[2]
_READY_SECONDS = 30
_NO_LIMIT = {"enabled": False, "token": 1_000_000, "key": 1_000_000}
Json = dict[str, Any]


@dataclass(frozen=True)
class Ticket:
    """A card that was put onto a board."""

    id: str
    pool: str
    key: str
    title: str


@dataclass
class Ground:
    """Boards by pool, and how board and forge are spoken to beside the operator."""

    trello_url: str
    forge_url: str
    boards: dict[str, str] = field(default_factory=dict)
    ready_lists: dict[str, str] = field(default_factory=dict)
    tickets: list[Ticket] = field(default_factory=list)

    def __post_init__(self) -> None:
        auth = {
            "Authorization": f'OAuth oauth_consumer_key="{objects.TRELLO_KEY}", oauth_token="{objects.TRELLO_TOKEN}"'
        }
        self.trello = httpx.AsyncClient(base_url=self.trello_url, headers=auth, timeout=30, trust_env=False)
        self.forge = httpx.AsyncClient(base_url=self.forge_url, timeout=30, trust_env=False)

    async def aclose(self) -> None:
        await self.trello.aclose()
        await self.forge.aclose()

    async def put_ticket(self, number: int) -> None:
        """One more ticket, on the next board in turn."""
        pool = list(self.boards)[number % len(self.boards)]
        title = f"Ticket {number}"
        answer = await self.trello.post("/1/cards", params={"idList": self.ready_lists[pool], "name": title})
        answer.raise_for_status()
        card: Json = answer.json()
        self.tickets.append(Ticket(card["id"], pool, str(card["idShort"]), title))

    async def pushed(self, order: Order, commit: str) -> None:
        """What a pod's publish stage does at the forge. Raises PushFailed where it is refused."""
        name = urlsplit(order.repository).path.strip("/").removesuffix(".git")
        body = {"repository": name, "branch": order.branch, "commit": commit}
        answer = await self.forge.post("/_testbed/push", json=body)
        if answer.is_error:
            raise PushFailed(answer.text)

    async def columns(self) -> Counter[str]:
        """How many cards each column has, over all boards."""
        answer = await self.trello.get("/_testbed/columns.json")
        return Counter(answer.raise_for_status().json())

    async def arm(self, board: Sequence[Json], forge: Sequence[Json]) -> None:
        """Switch these faults on."""
        for http, faults in ((self.trello, board), (self.forge, forge)):
            for fault in faults:
                (await http.post("/_testbed/faults", json=fault)).raise_for_status()

    async def disarm(self) -> None:
        """Switch all faults off."""
        for http in (self.trello, self.forge):
            (await http.delete("/_testbed/faults")).raise_for_status()


def prepare(cluster: LoadCluster, form: Form) -> Ground:
    """Start the stand-ins, make boards and repositories, apply the pools; no operator runs yet."""
    trello_port, forge_port = free_ports(2)
    ground = Ground(f"http://127.0.0.1:{trello_port}", f"http://127.0.0.1:{forge_port}")
    _start(cluster, "trello", trello_port, ["--key", objects.TRELLO_KEY, "--token", objects.TRELLO_TOKEN])
    repositories = [word for number in range(form.pools) for word in ("--repository", f"load/{pool_name(number)}")]
    _start(cluster, "gitea", forge_port, ["--token", objects.FORGE_TOKEN, *repositories])
    httpx.post(f"{ground.trello_url}/_testbed/rate-limit", json=_NO_LIMIT, trust_env=False).raise_for_status()
    cluster.add_nodes(form.nodes)
    cluster.namespace(NAMESPACE)
    client = TrelloClient(ground.trello_url, objects.TRELLO_KEY, objects.TRELLO_TOKEN)
    limits = {"concurrency": form.concurrency, "deadlineSeconds": 3600, "retrySeconds": 1, "tries": 20}
    for number in range(form.pools):
        name = pool_name(number)
        board = ground.boards[name] = client.board(name)
        ground.ready_lists[name] = client.list_id(board, READY)
        cluster.apply(
            objects.pool(NAMESPACE, name, board, ground.trello_url, ground.forge_url, poll_seconds=2, limits=limits)
        )
    return ground


def pool_name(number: int) -> str:
    return f"pool-{number}"


def _start(cluster: LoadCluster, name: str, port: int, args: Sequence[str]) -> None:
    command = [sys.executable, "-m", f"testbed.{name}", "--host", "127.0.0.1", "--port", str(port), *args]
    cluster.programs.start(name, command, {"PYTHONPATH": str(_ROOT)})

    def answers() -> bool:
        cluster.require_alive()
        try:
            return httpx.get(f"http://127.0.0.1:{port}/_testbed/faults", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    wait_for(f"the stand-in {name}", answers, _READY_SECONDS, every=0.05)


async def put_tickets(ground: Ground, arrivals: Sequence[float]) -> None:
    """Each at its time, counted from now."""
    begun = asyncio.get_running_loop().time()
    for number, at in enumerate(arrivals):
        left = begun + at - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)
        await ground.put_ticket(number)
