"""`make demo`: one card travels from the sprint backlog to a pull request, on a real cluster."""

from __future__ import annotations

import os
import sys
import time
from dataclasses import dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from testbed import manifests, world
from testbed.forge.seed import create_repository, folder_files
from testbed.plan import plan_from_environment
from testbed.shell import TestbedError, say
from testbed.watching import finished, run_of_card, wait_for_pool
from testbed.world import World

Json = dict[str, Any]

NAMESPACE, POOL, REPOSITORY, BOARD = "demo", "shop", "python-shop", "Boardhand demo"
TITLE = "Cart total ignores quantity"
BODY = (
    "When I put **three** books into the cart, I pay for one: the cart total ignores quantity.\n\n"
    "- the total is the sum of price times quantity\n- a test shows it"
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


def _pool(w: World, board: str, model: Chosen) -> Json:
    spec: Json = {}
    if not model.scripted:
        spec["models"] = {"large": manifests.model(model.name, model.base_url, False)}
    return manifests.pool(w, NAMESPACE, POOL, REPOSITORY, board, **spec)


def _travel(w: World, model: Chosen) -> tuple[Json, str, str, str]:
    """Put a card on the board and wait; the run, the card's id, and its columns before and after."""
    kubectl, board = w.kubectl(NAMESPACE), w.board()
    create_repository(w.forge, REPOSITORY, folder_files(REPOSITORY))
    board_id = board.board(BOARD)
    kubectl.apply(*manifests.secrets(NAMESPACE, w.forge, model.key), _pool(w, board_id, model))
    wait_for_pool(kubectl, POOL, "True", 60)
    card = board.add_card(board_id, TITLE, BODY)
    before = board.column_of(card["id"])
    say(f"card {card['shortUrl']} is in {before}")
    name = run_of_card(kubectl, card["id"], 60)["metadata"]["name"]
    run = finished(kubectl, name, 1800, lambda phase: say(f"run {name}: {phase or 'seen'}"))
    return run, card["id"], before, board.column_of(card["id"])


def _table(w: World, run: Json, model: Chosen, before: str, after: str) -> Table:
    status = run["status"]
    verdict, usage = status.get("verdict") or {}, status.get("usage") or {}
    tests = verdict.get("tests") or {}
    counted = f", {tests['ran']} tests ran, {tests.get('failed', 0)} failed" if tests else ""
    tokens = f"{usage.get('promptTokens', 0):,} prompt + {usage.get('completionTokens', 0):,} completion"
    kind = " (scripted stand-in: no language model, money is make-believe)" if model.scripted else ""
    table = Table(title="A card became a pull request" if status["phase"] == "Succeeded" else "The card's run failed")
    table.add_column("what")
    table.add_column("seen", overflow="fold")
    rows = {
        "card": f"{before} → {after}",
        "run": f"{run['metadata']['name']}: {status['phase']}",
        "model": model.name + kind,
        "verdict": f"{'passed' if verdict.get('passed') else 'failed'}: exit code {verdict.get('exitCode')}{counted}",
        "verify": "; ".join(verdict.get("commands", [])),
        "tokens": tokens,
        "money": f"{usage['money']} USD" if usage.get("money") else "not known",
        "pull request": (status.get("pullRequest") or {}).get("url", "none"),
        "failure": ": ".join(filter(None, [(status.get("failure") or {}).get(k, "") for k in ("class", "message")])),
        "look: cluster": f"kubectl --kubeconfig {w.cluster.kubeconfig} -n {NAMESPACE} describe ticketrun "
        + run["metadata"]["name"],
        "look: kubectl is at": str(w.cluster.bin_dir / "kubectl"),
        "look: board": f"{w.trello_url}/?board={w.board().board(BOARD)} (stand-in for Trello)",
        "look: forge": f"{w.forge.base_url}/{w.forge.organisation}/{REPOSITORY}/pulls (Gitea)",
        "take down": "make down" + ("" if w.plan.name == "boardhand" else f" CLUSTER={w.plan.name}"),
    }
    for what, seen in rows.items():
        if seen:
            table.add_row(what, seen)
    return table


def main() -> int:
    """Run the demo; 0 where the card became a pull request."""
    started = time.monotonic()
    try:
        w = world.up(plan_from_environment(), ("operator", "runner", "workbench-python"))
        model = chosen_model(w)
        run, _, before, after = _travel(w, model)
    except (TestbedError, ValueError) as problem:
        print(f"demo: {problem}", file=sys.stderr)
        return 1
    Console(soft_wrap=False, width=120).print(_table(w, run, model, before, after))
    say(f"demo: {time.monotonic() - started:.0f} s")
    return 0 if run["status"]["phase"] == "Succeeded" and "pullRequest" in run["status"] else 1


if __name__ == "__main__":
    sys.exit(main())
