"""`boardhand` as somebody runs it against the real cluster: lists, watches, follows, cancels, begins anew, shows."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml

from testbed.watching import finished, run_of_card
from tests.e2e.conftest import NAMESPACE, Scene, switch
from tests.support.terminal import Terminal

pytestmark = pytest.mark.e2e

TITLE = "Cart total ignores quantity"
PROGRAM = Path(sys.executable).with_name("boardhand")


class Person:
    """Somebody with a kubeconfig."""

    def __init__(self, kubeconfig: Path) -> None:
        self.where = ["-n", NAMESPACE, "--kubeconfig", str(kubeconfig)]

    def __call__(self, *words: str, code: int = 0) -> str:
        """Run the program to its end; what it printed, or where it is refused its sentence."""
        done = subprocess.run([PROGRAM, *words, *self.where], capture_output=True, text=True, check=False, timeout=180)
        assert done.returncode == code, f"{words}: {done.returncode}: {done.stdout}{done.stderr}"
        return done.stderr if code else done.stdout

    def begin(self, *words: str) -> subprocess.Popen[str]:
        return subprocess.Popen([PROGRAM, *words, *self.where], stdout=subprocess.PIPE, text=True)


@pytest.fixture
def person(shop: Scene) -> Person:
    return Person(shop.world.cluster.kubeconfig)


def _phase(shop: Scene, name: str, phase: str) -> float:
    """Wait for it; when that was."""
    deadline = time.monotonic() + 90
    while ((shop.kubectl.get("ticketrun", name) or {}).get("status") or {}).get("phase") != phase:
        assert time.monotonic() < deadline, f"{name} is not {phase}"
        time.sleep(0.1)
    return time.monotonic()


def test_a_run_is_watched_cancelled_and_begun_anew(shop: Scene, person: Person) -> None:
    shop.apply(shop.pool())
    switch(shop.world.model_url, {"match": TITLE, "delay": 3})
    table = Terminal("watch", "--pool", shop.name, *person.where)
    try:
        table.until("0 runs")
        card = shop.add_card(TITLE)
        first = run_of_card(shop.kubectl, card, 60)["metadata"]["name"]
        told = person.begin("watch", first)
        _phase(shop, first, "Working")
        table.until("Working", 5)
        listed = json.loads(person("runs", "--pool", shop.name, "-o", "json"))["items"]
        assert [item["metadata"]["name"] for item in listed] == [first]
        assert first in person("runs", "--phase", "Working") and "Working" in person("runs", "--pool", shop.name)
        with person.begin("logs", first, "-f") as follows:
            assert follows.stdout is not None
            assert "run" in follows.stdout.readline()
            assert person("cancel", first) == f"run/{first} is told to stop\n"
            since = _phase(shop, first, "Cancelled")
            assert table.until("Cancelled", 10) - since < 1
        assert "Cancelled" in told.communicate(timeout=20)[0].splitlines()[-1]
        assert told.returncode == 0
    finally:
        assert table.close() == 130
    assert "there is nothing to cancel" not in person("cancel", first)
    switch(shop.world.model_url, None)
    second = person("retry", first, "--money", "1.5").strip()
    assert person("retry", first).strip() == second
    transcript = person("logs", second, "-f")
    run = finished(shop.kubectl, second, 180)
    assert (run["status"]["phase"], run["spec"]["attempt"], run["spec"]["money"]) == ("Succeeded", 1, 1.5)
    assert " coder " in transcript or " bugfixer " in transcript
    assert "tokens" in transcript and "finished: " in transcript and "→ done" in transcript
    assert shop.board.moves(card)[-2:] == ["In Progress", "In Review"]
    assert f"run {second}" in shop.board.comments(card)[-2]
    change = person("diff", second)
    assert change.startswith("diff --git ") and "\n+" in change
    assert "Succeeded" in person("runs", "--pool", shop.name, "-o", "wide")
    assert len(shop.pulls()) == 1
    path = os.pathsep.join([str(PROGRAM.parent), str(shop.world.cluster.bin_dir), os.environ["PATH"]])
    command = ["kubectl", "boardhand", "runs", "--pool", shop.name, *person.where]
    listed_so = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ | {"PATH": path})
    assert first in listed_so.stdout and second in listed_so.stdout


def test_pools_are_suspended_and_rights_hold(shop: Scene, person: Person, tmp_path: Path) -> None:
    shop.apply(shop.pool())
    assert person("suspend", f"pool/{shop.name}") == f"pool/{shop.name} is suspended\n"
    body = shop.kubectl.get("codingagent", shop.name)
    assert body is not None and body["spec"]["suspend"] is True
    person("resume", f"pool/{shop.name}")
    shop.kubectl.apply({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "stranger"}})
    config = yaml.safe_load(shop.world.cluster.kubeconfig.read_text())
    config["users"] = [
        {"name": one["name"], "user": {"token": shop.kubectl("create", "token", "stranger").strip()}}
        for one in config["users"]
    ]
    (tmp_path / "config").write_text(yaml.safe_dump(config))
    stranger = Person(tmp_path / "config")
    for words in (["runs"], ["suspend", f"pool/{shop.name}"], ["watch"], ["cancel", "any"], ["logs", "any"]):
        assert "not allowed" in stranger(*words, code=4)
    shop.kubectl.delete("serviceaccount", "stranger")
