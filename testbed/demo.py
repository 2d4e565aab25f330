"""`make demo`: three cards travel at once on a real cluster, two to pull requests and one to its answer.

BOARD=trello (which is also the default) puts them on Trello's stand-in, BOARD=gitea makes them issues of a real Gitea.
"""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Column, Table

from testbed import manifests, world
from testbed.callback import wait_for_webhook
from testbed.demo_boards import DemoBoard, chosen_board
from testbed.demo_cards import Journey, Ticket, outcomes
from testbed.forge.seed import create_repository, folder_files
from testbed.plan import plan_from_environment
from testbed.shell import TestbedError, say
from testbed.watching import all_finished, run_of_card, wait_for_pool
from testbed.world import World

Json = dict[str, Any]

NAMESPACE, REPOSITORY = "demo", "python-shop"
TITLE = "Cart total ignores quantity"
BODY = (
    "When I put **three** books into the cart, I pay for one: the cart total ignores quantity.\n\n"
    "- the total is the sum of price times quantity\n- a test shows it"
)
TICKETS = (
    Ticket("bugfixer", TITLE, BODY),
    Ticket("coder", "Add a discount code to the cart", "SAVE15 takes 15 % off the total, in whole cents. Test it."),
    Ticket("analyst", "Explain how the cart computes its total", "What counts, and where is it in the code?", True),
)


@dataclass(frozen=True)
class Chosen:
    """The model of this demo."""

    name: str
    base_url: str | None
    key: str
    scripted: bool


def chosen_model(w: World) -> Chosen:
    """A real model where MODEL names one, else the scripted stand-in."""
    name, base_url = os.environ.get("MODEL", ""), os.environ.get("BASE_URL") or None
    if not name:
        return Chosen(f"{manifests.SCRIPTED}-large", f"{w.model_url}/v1", world.MODEL_KEY, True)
    key = os.environ.get("OPENAI_API_KEY", "")
    if not key and not base_url:
        raise TestbedError("MODEL is set: set OPENAI_API_KEY too, or BASE_URL of a server that needs no key")
    return Chosen(name, base_url, key or "none", False)


def _pool(w: World, board: DemoBoard, model: Chosen) -> Json:
    pool = manifests.pool(w, NAMESPACE, board.pool, REPOSITORY, None)
    pool["spec"]["board"] = board.spec
    pool["spec"]["limits"]["concurrency"] = len(TICKETS)
    if not model.scripted:
        pool["spec"]["models"] = {"large": manifests.model(model.name, model.base_url, False)}
    return pool


def _travel(w: World, board: DemoBoard, model: Chosen) -> list[Journey]:
    """Put the cards on the board, and wait until all their runs are finished."""
    kubectl = w.kubectl(NAMESPACE)
    kubectl.apply(*manifests.secrets(NAMESPACE, w.forge, model.key), _pool(w, board, model))
    wait_for_pool(kubectl, board.pool, "True", 60)
    if "webhook" in board.spec:
        wait_for_webhook(kubectl, board.pool, 30)
    cards: dict[str, str] = {}
    for ticket in TICKETS:
        card = board.add_card(ticket.title, ticket.body)
        cards[card] = board.column_of(card)
    say(f"{len(cards)} cards are in {cards[card]}: {board.page}")
    names = {run_of_card(kubectl, card, 60)["metadata"]["name"]: card for card in cards}
    who = dict(zip(names, (ticket.specialist for ticket in TICKETS), strict=True))
    runs = all_finished(kubectl, list(names), 1800, lambda name, phase: say(f"{who[name]}'s ticket: {phase or 'seen'}"))
    return [
        Journey(ticket, runs[name], cards[card], board.column_of(card), board.comments(card))
        for ticket, (name, card) in zip(TICKETS, names.items(), strict=True)
    ]


def _look(w: World, board: DemoBoard, model: Chosen) -> Table:
    """Where to look next."""
    kind = " (scripted stand-in: no language model, money is make-believe)" if model.scripted else ""
    table = Table("look", Column(overflow="fold"))
    for what, where in {
        "model": model.name + kind,
        "verify": manifests.VERIFY[REPOSITORY],
        "cluster": f"kubectl --kubeconfig {w.cluster.kubeconfig} -n {NAMESPACE} describe ticketruns",
        "kubectl is at": str(w.cluster.bin_dir / "kubectl"),
        "board": f"{board.page} ({board.kind})",
        "forge": f"{w.forge.base_url}/{w.forge.organisation}/{REPOSITORY}/pulls (Gitea)",
        "take down": "make down" + ("" if w.plan.name == "boardhand" else f" CLUSTER={w.plan.name}"),
    }.items():
        table.add_row(what, where)
    return table


def main() -> int:
    """Run the demo; 0 where every card came to what it asked for."""
    started = time.monotonic()
    try:
        make_board = chosen_board(os.environ.get("BOARD", ""))
        w = world.up(plan_from_environment(), ("operator", "runner", "workbench-python"))
        model = chosen_model(w)
        create_repository(w.forge, REPOSITORY, folder_files(REPOSITORY))
        board = make_board(w, NAMESPACE, REPOSITORY)
        journeys = _travel(w, board, model)
    except (TestbedError, ValueError) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    Console(soft_wrap=False, width=120).print(outcomes(journeys, model.scripted), _look(w, board, model), sep="\n")
    say(f"demo: {time.monotonic() - started:.0f} s")
    return 1 if any(journey.wrong(model.scripted) for journey in journeys) else 0


if __name__ == "__main__":
    sys.exit(main())
