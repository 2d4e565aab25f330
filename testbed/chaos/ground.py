"""What chaos happens on: the stand-ins, a board and a repository a pool, the pools, and the tickets that come."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import httpx

from boardhand_api.order import Order
from testbed.board import COLUMNS, TrelloClient
from testbed.chaos.plan import Form
from testbed.load import LoadCluster, objects, standins
from testbed.load.player import PushFailed

NAMESPACE = "chaos"
READY, DOING, REVIEW = COLUMNS[:3]
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
        self._before: Counter[str] = Counter()
        oauth = f'OAuth oauth_consumer_key="{objects.TRELLO_KEY}", oauth_token="{objects.TRELLO_TOKEN}"'
        self.trello = _client(self.trello_url, {"Authorization": oauth})
        self.forge = _client(self.forge_url, {})

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
        """What a pod's publish stage does at the forge. Raises PushFailed where it is refused, or not answered."""
        name = urlsplit(order.repository).path.strip("/").removesuffix(".git")
        body = {"repository": name, "branch": order.branch, "commit": commit}
        try:
            answer = await self.forge.post("/_testbed/push", json=body)
        except httpx.TransportError as lost:
            raise PushFailed(f"the forge does not answer: {lost}") from lost
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
        self._before = await self._operators_calls()

    async def disarm(self) -> dict[str, Json]:
        """Switch all faults off; of board and forge how many calls there were meanwhile, and how many were struck."""
        out, calls = {}, await self._operators_calls()
        for name, http in (("board", self.trello), ("forge", self.forge)):
            faults = (await http.get("/_testbed/faults")).raise_for_status().json()["active"]
            struck = sum(fault["struck"] for fault in faults)
            out[name] = {"calls": calls[name] - self._before[name], "struck": struck}
            (await http.delete("/_testbed/faults")).raise_for_status()
        return out

    async def _operators_calls(self) -> Counter[str]:
        """How many calls there were to board and forge, but for ours that put tickets on the board."""
        board = [entry for entry in await counters(self.trello) if entry["route"] != "/1/cards"]
        return Counter(
            board=sum(entry["count"] for entry in board),
            forge=sum(entry["count"] for entry in await counters(self.forge)),
        )


def _client(url: str, headers: Mapping[str, str]) -> httpx.AsyncClient:
    """A connection that was idle may be closed by its server in the moment it is used again, so none is kept."""
    limits = httpx.Limits(max_keepalive_connections=0)
    return httpx.AsyncClient(base_url=url, headers=headers, timeout=30, trust_env=False, limits=limits)


async def counters(http: httpx.AsyncClient) -> list[Json]:
    """How often each route of a stand-in was called, and how often its work was done."""
    report: Json = (await http.get("/_testbed/calls")).raise_for_status().json()
    found: list[Json] = report["counters"]
    return found


def prepare(cluster: LoadCluster, form: Form) -> Ground:
    """Start the stand-ins, make boards and repositories, apply the pools; no operator runs yet."""
    repositories = [f"load/{pool_name(number)}" for number in range(form.pools)]
    ground = Ground(standins.start_trello(cluster), standins.start_gitea(cluster, repositories))
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


async def put_tickets(ground: Ground, arrivals: Sequence[float]) -> None:
    """Each at its time, counted from now."""
    begun = asyncio.get_running_loop().time()
    for number, at in enumerate(arrivals):
        left = begun + at - asyncio.get_running_loop().time()
        if left > 0:
            await asyncio.sleep(left)
        await ground.put_ticket(number)
