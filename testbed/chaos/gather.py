"""What is left of every ticket when all has come to rest: read from the board, the forge and the cluster."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from boardhand_api.pod import LABEL_RUN, LABEL_SETTLED
from testbed.chaos.ground import NAMESPACE, Ground, Ticket
from testbed.load import LoadCluster
from testbed.load.api import GROUP

_PAGE = 1000
_SEEN = "createCard,commentCard,updateCard:idList"
Json = dict[str, Any]


@dataclass
class Left:
    """All that is left of one ticket."""

    ticket: Ticket
    column: str = ""
    actions: list[Json] = field(default_factory=list)
    """What happened to the card: made, talked about, moved; oldest first."""
    runs: list[Json] = field(default_factory=list)
    jobs: list[Json] = field(default_factory=list)
    branches: dict[str, Json] = field(default_factory=dict)
    pulls: list[Json] = field(default_factory=list)


@dataclass
class Everything:
    """Of each ticket what is left, and what belongs to no ticket."""

    tickets: dict[str, Left]
    strays: list[str] = field(default_factory=list)


def unsettled(cluster: LoadCluster) -> int:
    """How many runs are not settled."""
    path = f"{GROUP}/namespaces/{NAMESPACE}/ticketruns"
    return sum(1 for _ in cluster.api.list(path, f"!{LABEL_SETTLED}"))


async def gather(cluster: LoadCluster, ground: Ground) -> Everything:
    """Read all of it; the faults are to be off."""
    out = Everything({ticket.id: Left(ticket) for ticket in ground.tickets})
    for pool, board in ground.boards.items():
        await _board(ground, board, out)
        await _forge(ground, pool, out)
    _cluster(cluster, out)
    return out


async def _board(ground: Ground, board: str, out: Everything) -> None:
    lists = (await ground.trello.get(f"/1/boards/{board}/lists")).raise_for_status().json()
    names = {entry["id"]: str(entry["name"]) for entry in lists}
    for card in (await ground.trello.get(f"/1/boards/{board}/cards")).raise_for_status().json():
        out.tickets[card["id"]].column = names[card["idList"]]
    params = {"filter": _SEEN, "limit": str(_PAGE)}
    while True:
        page: list[Json] = (
            (await ground.trello.get(f"/1/boards/{board}/actions", params=params)).raise_for_status().json()
        )
        for action in page:
            out.tickets[action["data"]["card"]["id"]].actions.insert(0, action)
        if len(page) < _PAGE:
            return
        params["before"] = page[-1]["id"]


async def _forge(ground: Ground, pool: str, out: Everything) -> None:
    """A branch bears its ticket's number."""
    found = (await ground.forge.get("/_testbed/forge.json")).raise_for_status().json()[f"load/{pool}"]
    by_number = {left.ticket.key: left for left in out.tickets.values() if left.ticket.pool == pool}
    for name, branch in found["branches"].items():
        left = by_number.get(name.removeprefix("boardhand/").partition("-")[0])
        if left:
            left.branches[name] = branch
        elif name != "main":
            out.strays.append(f"branch {name} of {pool}")
    for pull in found["pulls"]:
        left = by_number.get(pull["head"].removeprefix("boardhand/").partition("-")[0])
        if left:
            left.pulls.append(pull)
        else:
            out.strays.append(f"pull request of {pull['head']} in {pool}")


def _cluster(cluster: LoadCluster, out: Everything) -> None:
    owners = {}
    for run in cluster.api.list(f"{GROUP}/namespaces/{NAMESPACE}/ticketruns"):
        left = owners[run["metadata"]["name"]] = out.tickets.get(run["spec"]["ticket"]["id"])
        if left:
            left.runs.append(run)
        else:
            out.strays.append(f"TicketRun {run['metadata']['name']}")
    for job in cluster.api.list(f"/apis/batch/v1/namespaces/{NAMESPACE}/jobs", LABEL_RUN):
        left = owners.get(job["metadata"]["labels"][LABEL_RUN])
        if left:
            left.jobs.append(job)
        else:
            out.strays.append(f"Job {job['metadata']['name']}")


def history(cluster: LoadCluster, left: Left, operators: tuple[str, ...], lines: int = 200) -> list[str]:
    """What is known of a ticket, in order of time: the board's log, its runs' Events and Jobs, the operators' words."""
    told = [*_of_board(left), *_of_cluster(cluster, left)]
    names = {run["metadata"]["name"] for run in left.runs} | {left.ticket.id}
    for operator in operators:
        for line in cluster.programs.log(operator).read_text(errors="replace").splitlines():
            if any(name in line for name in names):
                told.append(f"{line[:10]}T{line[11:23].replace(',', '.')}Z {operator}: {line[24:400]}")
    return sorted(told)[:lines]


def _of_board(left: Left) -> Iterator[str]:
    for action in left.actions:
        data = action["data"]
        moved = f"{data['listBefore']['name']} to {data['listAfter']['name']}" if "listAfter" in data else ""
        yield f"{action['date']} board: {action['type']} {moved}{data.get('text', '')!r}"


def _of_pod(pod: Json) -> str:
    about, status = pod["metadata"], pod.get("status") or {}
    rows = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    states = {row["name"]: next(iter(row.get("state") or {}), "") for row in rows}
    notes = sorted(name for name in about.get("annotations") or {} if name.startswith("testbed."))
    where = (pod.get("spec") or {}).get("nodeName")
    return f"{about['creationTimestamp']} pod {about['name']} on {where}: {status.get('phase')}, {states}, told {notes}"


def _of_cluster(cluster: LoadCluster, left: Left) -> Iterator[str]:
    for run in left.runs:
        name = run["metadata"]["name"]
        yield f"{run['metadata']['creationTimestamp']} TicketRun {name} made; now {run.get('status')}"
        path = f"/api/v1/namespaces/{NAMESPACE}/events?fieldSelector=involvedObject.name={name}"
        for event in cluster.api.get(path)["items"]:
            yield f"{event['firstTimestamp']} Event {event['reason']}: {event['message']}"
        for pod in cluster.api.list(f"/api/v1/namespaces/{NAMESPACE}/pods", f"{LABEL_RUN}={name}"):
            yield _of_pod(pod)
    for job in left.jobs:
        name, status = job["metadata"]["name"], job.get("status") or {}
        yield f"{job['metadata']['creationTimestamp']} Job {name} made"
        for condition in status.get("conditions") or []:
            yield f"{condition['lastTransitionTime']} Job {name} {condition['type']}: {condition.get('message', '')}"
