"""`boardhand try`: whole tickets by the runner as a process, with the scripted stand-in for a model."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from boardhand_cli.main import app
from boardhand_cli.problems import Exit, Problem
from tests.support.model_server import model_served

pytestmark = pytest.mark.slow
SHOP = Path(__file__).parents[2] / "testbed" / "repositories" / "python-shop"
VERIFY = f"{sys.executable} -m pytest -q -p no:cacheprovider"
Call = Callable[..., Result]


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    with model_served() as address:
        yield f"{address}/v1"


@pytest.fixture
def call(model: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Call:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("OPENAI_API_KEY", "any-key-will-do")

    def call(title: str, *words: str, base_url: str = model, repo: Path = SHOP) -> Result:
        ticket = tmp_path / "shop-7.yaml"
        ticket.write_text(f"title: {title}\nbody: As it says.\n")
        given = ["--repo", str(repo), "--model", "boardhand-scripted", "--base-url", base_url, "--verify", VERIFY]
        return CliRunner().invoke(app, ["try", str(ticket), *given, *words])

    return call


def test_steps_are_shown_then_verdict_branch_and_changes(call: Call, tmp_path: Path) -> None:
    done = call("Cart total ignores quantity")
    assert done.exit_code == 0, done.output
    said = done.stdout
    assert "goes to the bugfixer" in said
    assert "edit_file" in said or "replace" in said
    assert "Verdict   passed" in said
    assert "Branch    boardhand/shop-7-cart-total-ignores-quantity" in said
    assert said.index("goes to the") < said.index("Verdict") < said.rindex("2 files changed")
    assert '{"event"' not in said
    assert "any-key-will-do" not in done.output
    assert list(tmp_path.glob("boardhand-try-*")) == []


def test_a_red_proof_is_the_exit_code(call: Call) -> None:
    done = call("Make a wrong fix on purpose")
    assert done.exit_code == 1
    assert "Verdict   RED (exit code 1)" in done.stdout


def test_an_answer_changes_nothing(call: Call) -> None:
    done = call("Explain how the cart computes its total")
    assert done.exit_code == 0
    assert "sum of the items' prices" in done.stdout
    assert "changed" not in done.stdout.splitlines()[-1]


def problem_of(done: Result) -> str:
    assert isinstance(done.exception, Problem), (done.exception, done.output)
    assert done.exception.code == Exit.INPUT
    return str(done.exception)


def test_what_cannot_be_tried_is_said_at_once(call: Call, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "is no folder" in problem_of(call("x", repo=tmp_path / "none"))
    nothing = CliRunner().invoke(app, ["try", str(tmp_path / "none.yaml"), "--repo", str(SHOP), "--model", "m"])
    assert "none.yaml is no file: give the ticket as YAML" in problem_of(nothing)
    assert "no address such as" in problem_of(call("x", base_url="ollama"))
    assert "Cannot connect" in problem_of(call("x", base_url="http://127.0.0.1:9/v1"))
    assert "cannot be read" in problem_of(call("x", "--api-key-file", str(tmp_path / "none")))
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    assert problem_of(call("x")) == "boardhand-runner is not installed here; in a checkout: pip install '.[runner]'"
