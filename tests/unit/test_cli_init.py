"""`boardhand init`: answers are tried as they are given, and become a pool's YAML, with Secrets or sealed."""

from __future__ import annotations

import stat
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import pytest
import uvicorn
import yaml
from starlette.applications import Starlette
from typer.testing import CliRunner, Result

from boardhand_api.pool import CodingAgentSpec
from boardhand_cli.main import app
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.questions import Questions
from boardhand_operator.sealed.keyring import Place
from testbed.gitea.app import create_app as gitea_app
from testbed.model.app import create_app as model_app
from testbed.model.scripts import load_scripts
from tests.contract import gitea_forge
from tests.contract.gitea_forge import GiteaForgeBench
from tests.contract.trello_board import KEY, TOKEN, Desk
from tests.support.sealing import a_ring, key_file
from tests.support.ssh_server import new_key, serving

pytestmark = pytest.mark.slow

MODEL_KEY = "a-key-of-the-model"
PUSHES = "a-token-of-the-owner"
VALUES = {
    "board.key": KEY,
    "board.token": TOKEN,
    "repository.push.username": "bot",
    "repository.push.token": PUSHES,
    "forge.token": "a-token-of-the-bot",
    "models.large.apiKey": MODEL_KEY,
}


@contextmanager
def served(what: Starlette) -> Iterator[str]:
    server = uvicorn.Server(uvicorn.Config(what, port=0, log_level="critical", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + 10
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.005)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join(10)


class Services:
    """A board, a forge and a model, at addresses of their own."""

    def __init__(self, stack: ExitStack) -> None:
        self.desk, bench = Desk(), GiteaForgeBench()
        self.trello = stack.enter_context(served(self.desk.app))
        self.gitea = stack.enter_context(served(gitea_app(bench.state)))
        self.model = stack.enter_context(served(model_app(load_scripts(), MODEL_KEY)))
        self.flags = {
            "--namespace": "team",
            "--board-type": "trello",
            "--board": str(self.desk.board["id"]),
            "--board-url": f"{self.trello}/1",
            "--ready": "Sprint Backlog",
            "--in-progress": "In Progress",
            "--review": "In Review",
            "--failed": "-",
            "--repository": f"{self.gitea}/{gitea_forge.NAME}.git",
            "--branch": "main",
            "--forge-type": "gitea",
            "--forge-url": self.gitea,
            "--provider": "openai",
            "--base-url": f"{self.model}/v1",
            "--model": "boardhand-scripted",
            "--image": "python:3.13",
        }


@pytest.fixture(scope="module")
def services() -> Iterator[Services]:
    with ExitStack() as stack:
        yield Services(stack)


Call = Callable[..., Result]


@pytest.fixture
def call(services: Services, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    """`boardhand init shop` with every flag but those named in `without`, and what is typed."""
    monkeypatch.setenv("NO_PROXY", "*")
    for field, value in VALUES.items():
        (tmp_path / field).write_text(f"{value}\n")

    def call(*words: str, without: tuple[str, ...] = (), typed: str = "", **change: str) -> Result:
        flags = services.flags | {f"--{name.replace('_', '-')}": value for name, value in change.items()}
        given = [word for flag, value in flags.items() if flag not in without for word in (flag, value)]
        given += [f"--credential={field}={tmp_path / field}" for field in VALUES if field not in without]
        return CliRunner().invoke(app, ["init", "shop", *given, *words], input=typed)

    return call


def problem_of(done: Result) -> Problem:
    assert isinstance(done.exception, Problem), (done.exception, done.stderr)
    return done.exception


def documents(text: str) -> dict[str, Any]:
    return {one["metadata"]["name"]: one for one in yaml.safe_load_all(text)}


def test_flags_alone_become_a_pool_with_its_secrets(call: Call) -> None:
    done = call("--yes", "--verify", "pytest -q")
    assert done.exit_code == 0, done.stderr
    made = documents(done.stdout)
    assert list(made) == ["shop-board", "shop-git", "shop-forge", "shop-model", "shop"]
    assert made["shop-board"]["stringData"] == {"key": KEY, "token": TOKEN}
    assert made["shop-git"]["stringData"] == {"username": "bot", "token": PUSHES}
    spec = CodingAgentSpec.model_validate(made["shop"]["spec"])
    assert spec.repository.read_secret_ref == spec.repository.push_secret_ref
    assert spec.workbench.verify == ["pytest -q"]
    assert {one["metadata"]["namespace"] for one in made.values()} == {"team"}
    assert "✓ trello: board" in done.stderr
    assert "✓ The model server" in done.stderr


def test_credentials_are_sealed_and_open_for_this_pool(call: Call, tmp_path: Path) -> None:
    ring = a_ring()
    done = call("--yes", "--credentials", "sealed", "--key-file", str(key_file(tmp_path, ring)))
    assert done.exit_code == 0, done.stderr
    made = documents(done.stdout)
    assert list(made) == ["shop"]
    spec = CodingAgentSpec.model_validate(made["shop"]["spec"])
    assert spec.repository.read_sealed and spec.board and spec.board.sealed
    assert ring.open(Place("team", "shop", "repository.read.token"), spec.repository.read_sealed["token"])
    assert ring.open(Place("team", "shop", "board.token"), spec.board.sealed["token"]) == TOKEN
    assert not any(value in done.output for value in (TOKEN, MODEL_KEY, PUSHES))


def test_columns_are_offered_and_asked_for_until_one_is_there(call: Call) -> None:
    done = call(without=("--ready", "--review"), typed="Backlog\nSprint Backlog\n\n")
    assert done.exit_code == 0, done.stderr
    assert "the columns on this board are: Sprint Backlog, In Progress, In Review, Done" in done.stderr
    assert "'Backlog' is none of them" in done.stderr
    columns = documents(done.stdout)["shop"]["spec"]["board"]["columns"]
    assert columns == {"ready": "Sprint Backlog", "inProgress": "In Progress", "review": "In Review"}


def test_what_is_wrong_is_said_and_asked_anew(call: Call, services: Services) -> None:
    again = f"\n{services.model}/v1\nboardhand-scripted-small\n{MODEL_KEY}\n"
    done = call(without=("--model", "models.large.apiKey"), typed=f"boardhand-scripted\nwrong-key\n{again}")
    assert done.exit_code == 0, done.stderr
    assert "✗ The model server" in done.stderr
    assert "It refused the key" in done.stderr
    assert documents(done.stdout)["shop"]["spec"]["models"]["large"]["name"] == "boardhand-scripted-small"
    assert MODEL_KEY not in done.stderr
    assert "wrong-key" not in done.stderr


def test_the_end_of_the_input_ends_it(call: Call) -> None:
    found = problem_of(call(without=("--image",)))
    assert (found.code, "Image with the project's toolchain" in str(found)) == (Exit.USAGE, True)


def test_typed_secrets_are_not_shown(call: Call) -> None:
    done = call(without=("models.large.apiKey",), typed=f"{MODEL_KEY}\n")
    assert done.exit_code == 0, done.stderr
    assert documents(done.stdout)["shop-model"]["stringData"] == {"apiKey": MODEL_KEY}
    assert MODEL_KEY not in done.stderr


@pytest.mark.parametrize(
    ("change", "code", "said"),
    [
        ({"ready": "Backlog"}, Exit.INPUT, "'Backlog' is none of: Sprint Backlog"),
        ({"board": "5" * 24}, Exit.INPUT, "has no board"),
        ({"branch": "trunk"}, Exit.INPUT, "fix: spec.repository.branch: main"),
        ({"image": "python:latest"}, Exit.INPUT, "names no version"),
        ({"board_url": "ftp://x"}, Exit.INPUT, "url: String should match pattern"),
        ({"forge_type": "svn"}, Exit.INPUT, "'svn' is none of: azure"),
        ({"base_url": "http://169.254.169.254/v1"}, Exit.INPUT, "closed to all trials"),
    ],
)
def test_with_yes_the_first_wrong_answer_ends_it(call: Call, change: dict[str, str], code: Exit, said: str) -> None:
    done = call("--yes", **change)
    assert problem_of(done).code == code
    assert said in str(problem_of(done))


@pytest.mark.parametrize(
    ("without", "said"),
    [
        ("--image", "--yes asks nothing, so --image is required"),
        ("board.token", "--credential board.token=FILE is required"),
    ],
)
def test_with_yes_what_is_missing_is_named(call: Call, without: str, said: str) -> None:
    found = problem_of(call("--yes", without=(without,)))
    assert found.code == Exit.USAGE
    assert said in str(found)


def test_a_pool_without_a_board_is_made_too(call: Call) -> None:
    done = call("--yes", without=("--board", "board.key", "board.token"))
    assert done.exit_code == 0, done.stderr
    assert "board" not in documents(done.stdout)["shop"]["spec"]


def test_credentials_that_may_not_push_are_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "reads").write_text("a-token-of-a-reader")
    found = problem_of(
        call("--yes", f"--credential=repository.push.token={tmp_path / 'reads'}", without=("repository.push.token",))
    )
    assert (found.code, "must be let push to" in str(found)) == (Exit.INPUT, True)


def test_a_person_may_want_no_board(call: Call) -> None:
    flags = ("--board", "--board-type", "board.key", "board.token")
    done = call(without=flags, typed="-\n")
    assert done.exit_code == 0, done.stderr
    assert "board" not in documents(done.stdout)["shop"]["spec"]


def test_a_file_is_for_its_owner_and_never_overwritten_untold(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "pool.yaml"
    assert call("--yes", "-o", str(file)).exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    before = file.read_text()
    found = problem_of(call("--yes", "-o", str(file), model="boardhand-scripted-small"))
    assert found.code == Exit.REFUSED
    assert file.read_text() == before
    file.chmod(0o644)
    assert call("--yes", "-o", str(file), "--force", model="boardhand-scripted-small").exit_code == 0
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "boardhand-scripted-small" in file.read_text()


def test_nothing_is_asked_of_anybody_without_trials(call: Call, services: Services) -> None:
    before = len(services.desk.wire.requests)
    done = call("--yes", "--no-trials", board_url="http://127.0.0.1:9/1", forge_url="http://127.0.0.1:9")
    assert done.exit_code == 0, done.stderr
    assert len(services.desk.wire.requests) == before
    assert "✓" not in done.stderr


def test_files_give_more_than_is_asked_for_and_cloning_its_own(call: Call, tmp_path: Path) -> None:
    for name, value in (("hook", "a-secret-of-ours"), ("user", "reader"), ("token", "a-token-of-a-reader")):
        (tmp_path / name).write_text(value)
    more = {"board.webhookSecret": "hook", "repository.read.username": "user", "repository.read.token": "token"}
    done = call("--yes", *(f"--credential={field}={tmp_path / file}" for field, file in more.items()))
    assert done.exit_code == 0, done.stderr
    made = documents(done.stdout)
    assert made["shop-board"]["stringData"]["webhookSecret"] == "a-secret-of-ours"
    assert made["shop-git-read"]["stringData"] == {"username": "reader", "token": "a-token-of-a-reader"}
    assert made["shop"]["spec"]["repository"]["readSecretRef"] == {"name": "shop-git-read"}
    assert made["shop"]["spec"]["repository"]["pushSecretRef"] == {"name": "shop-git"}


def test_an_app_takes_the_place_of_a_token(tmp_path: Path) -> None:
    (tmp_path / "id").write_text("12")
    (tmp_path / "pem").write_text("-----BEGIN\nx\n-----END\n")
    given = [f"forge.appId={tmp_path / 'id'}", f"forge.privateKey={tmp_path / 'pem'}"]
    asked = Questions({}, given, quiet=True)
    assert asked.credentials("forge", ("token",)) == {"appId": "12", "privateKey": "-----BEGIN\nx\n-----END\n"}


def test_a_key_for_ssh_is_tried(call: Call, tmp_path: Path) -> None:
    subprocess.run(["git", "init", "-q", "--bare", str(tmp_path / "shop.git")], check=True)
    without = ("--forge-url", "forge.token", "repository.push.username", "repository.push.token")
    with serving(tmp_path) as server:
        (tmp_path / "known").write_text(server.known_hosts)
        flags = {"repository": f"{server.address}/shop.git", "forge_type": "git"}
        for key, said in ((server.key, "lets the key push"), (new_key(), "public key of `sshKey`")):
            (tmp_path / "key").write_text(key)
            files = {"sshKey": "key", "knownHosts": "known"}
            held = [f"--credential=repository.push.{name}={tmp_path / file}" for name, file in files.items()]
            done = call("--yes", *held, without=without, **flags)
            if key == server.key:
                assert (done.exit_code, said in done.stderr) == (0, True), (done.stderr, done.exception)
            else:
                assert said in str(problem_of(done))


def test_a_credential_for_nothing_is_refused(call: Call, tmp_path: Path) -> None:
    (tmp_path / "x").write_text("x")
    found = problem_of(call("--yes", "--credential", f"bord.token={tmp_path / 'x'}"))
    assert (found.code, "bord.token is for no place" in str(found)) == (Exit.USAGE, True)


@pytest.mark.parametrize("given", ["board.token", "token=x", "=x"])
def test_a_credential_is_a_place_and_a_file(call: Call, given: str) -> None:
    assert problem_of(call("--yes", "--credential", given)).code == Exit.USAGE
