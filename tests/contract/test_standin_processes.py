"""The stand-ins as detached processes: started once, replaced, ended, never mistaken for another."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from testbed import standin
from testbed.plan import Plan
from testbed.shell import TestbedError

HERE = "127.0.0.1"


@pytest.fixture
def plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Plan]:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    made = Plan(f"standin-{os.getpid() % 10000}")
    yield made
    for service in ("trello", "model", "gitea"):
        standin.stop(made, service)


def _pid(plan: Plan, service: str) -> str:
    return (plan.state / "standins" / service).read_text()


def test_both_stand_ins_start_answer_and_end(plan: Plan) -> None:
    trello = standin.start("testbed.trello", plan, "trello", HERE, ["--key", "k", "--token", "t"])
    model = standin.start("testbed.model", plan, "model", HERE)
    assert httpx.get(f"{trello}/1/members/me", params={"key": "k", "token": "t"}).json()["username"] == "boardhand"
    assert httpx.get(f"{model}/v1/models", headers={"authorization": "Bearer x"}).status_code == 200
    standin.stop(plan, "trello")
    with pytest.raises(httpx.ConnectError):
        httpx.get(trello)
    standin.stop(plan, "trello")  # nothing left to end
    assert httpx.get(model).status_code == 200


def test_the_gitea_stand_in_starts_with_its_repositories(plan: Plan) -> None:
    args = ["--token", "t", "--repository", "team/app"]
    forge = standin.start("testbed.gitea", plan, "gitea", HERE, args)
    answer = httpx.get(f"{forge}/api/v1/repos/team/app", headers={"authorization": "token t"})
    assert answer.json()["clone_url"] == f"{forge}/team/app.git"


def test_a_second_start_keeps_the_first_and_other_arguments_replace_it(plan: Plan) -> None:
    standin.start("testbed.trello", plan, "trello", HERE, ["--key", "k"])
    first = _pid(plan, "trello")
    standin.start("testbed.trello", plan, "trello", HERE, ["--key", "k"])
    assert _pid(plan, "trello") == first
    standin.start("testbed.trello", plan, "trello", HERE, ["--key", "other"])
    assert _pid(plan, "trello") != first


def test_a_recycled_pid_is_not_killed(plan: Plan) -> None:
    record = plan.state / "standins" / "trello"
    record.parent.mkdir(parents=True)
    record.write_text(f"{os.getpid()} 1\n")  # this very process, but of another start time
    standin.stop(plan, "trello")
    assert not record.exists()


def test_a_port_of_somebody_else_is_named(plan: Plan) -> None:
    with socket.create_server((HERE, plan.port("model"))), pytest.raises(TestbedError, match="taken by another"):
        standin.start("testbed.model", plan, "model", HERE)


def test_one_that_does_not_come_up_is_told_with_its_words(plan: Plan, tmp_path: Path) -> None:
    with pytest.raises(TestbedError, match=r"no \*\.yaml scripts in it"):
        standin.start("testbed.model", plan, "model", HERE, ["--scripts", str(tmp_path)])
    assert not (plan.state / "standins" / "model").exists()
