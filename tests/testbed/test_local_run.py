"""`boardhand-runner run`: whole tickets through every stage as processes, with the scripted stand-in for a model."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from boardhand_api.failures import FailureClass, exit_code_of
from boardhand_runner import cli
from tests.support.model_server import model_served

pytestmark = pytest.mark.slow

SHOP = Path(__file__).parents[2] / "testbed" / "repositories" / "python-shop"
Run = Callable[..., tuple[int, str]]
VERIFY = f"{sys.executable} -m pytest -q -p no:cacheprovider"


@pytest.fixture(scope="module")
def model() -> Iterator[str]:
    """The stand-in's address."""
    with model_served() as address:
        yield f"{address}/v1"


@pytest.fixture
def run(model: str, tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")

    def run(title: str, *more: str) -> tuple[int, str]:
        ticket = tmp_path / "shop-7.yaml"
        ticket.write_text(f"title: {title}\nbody: As it says.\n")
        given = ["run", "--ticket", str(ticket), "--repo", str(SHOP), "--model", "boardhand-scripted"]
        code = cli.main([*given, "--base-url", model, "--verify", VERIFY, *more])
        return code, capfd.readouterr().out

    return run


def bare(folder: Path) -> Path:
    [found] = folder.glob("boardhand-run-*/repository.git")
    return found


def branches(folder: Path) -> list[str]:
    command = ["git", "-C", str(bare(folder)), "for-each-ref", "--format=%(refname:short)"]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()


def test_a_bug_becomes_a_proven_branch(run: Run, tmp_path: Path) -> None:
    code, out = run("Cart total ignores quantity")

    assert code == 0
    assert "Verdict   passed" in out
    assert "Tests     4 ran, 0 failed" in out
    assert "Left out here:" in out
    assert branches(tmp_path) == ["boardhand/shop-7-cart-total-ignores-quantity", "main"]


def test_a_wrong_fix_is_red_and_handed_over_as_unfinished(run: Run, tmp_path: Path) -> None:
    code, out = run("Make a wrong fix on purpose")

    assert code == 1
    assert out.count("gate says VerifyRed") == 2
    assert "Verdict   RED (exit code 1), handed over unfinished" in out
    assert len(branches(tmp_path)) == 2


def test_an_analysis_is_an_answer_and_pushes_nothing(run: Run, tmp_path: Path) -> None:
    code, out = run("Explain how the cart computes its total")

    assert code == 0
    assert "The total is the sum of the items' prices" in out
    assert branches(tmp_path) == ["main"]


def test_a_run_that_fails_says_why(run: Run, tmp_path: Path) -> None:
    code, out = run("In which currency are the prices?")

    assert code == exit_code_of(FailureClass.NEEDS_INFO)
    assert "NeedsInfo/Question: Which currency" in out
    assert branches(tmp_path) == ["main"]


@pytest.mark.parametrize(
    ("text", "said"),
    [("- a list", "no YAML file with a ticket"), ("body: x", "title: Field required"), ("a: [", "no YAML file")],
)
def test_a_ticket_that_is_none_is_named(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, text: str, said: str
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    ticket = tmp_path / "t.yaml"
    ticket.write_text(text)

    assert cli.main(["run", "--ticket", str(ticket), "--repo", str(SHOP), "--model", "m", "--verify", "true"]) == 2
    assert said in capsys.readouterr().err
