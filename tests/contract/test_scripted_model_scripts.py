"""The scripts against the repositories they are written for: their edits fit, and do what they claim."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from testbed.model.scripts import Script, ToolCall, load_scripts, match

REPOSITORIES = Path(__file__).resolve().parents[2] / "testbed" / "repositories"
BY_NAME = {script.name: script for script in load_scripts()}
TICKETS = {
    "Cart total ignores quantity": "cart-quantity",
    "Please add a discount code to the cart": "cart-discount",
    "Explain how the cart computes its total": "cart-analysis",
    "Cart total ignores quantity: wrong fix on purpose": "cart-wrong-fix",
    "Show prices, but in which currency?": "cart-question",
    "Cart total ignores quantity, go round in circles": "cart-loop",
    "The ledger rounds half cents down": "ledger-rounding",
    "Something else": None,
}


@pytest.mark.parametrize(("ticket", "name"), TICKETS.items())
def test_the_right_script_is_played(ticket: str, name: str | None) -> None:
    found = match(BY_NAME.values(), ticket)
    assert (found and found.name) == name


def test_every_script_is_reached_and_answers_what_the_runner_asks() -> None:
    assert set(BY_NAME) == set(TICKETS.values()) - {None}
    for script in BY_NAME.values():
        assert set(script.answers) == {"Route", "PullRequestText"}, script.name
        assert script.answers["Route"]["specialist"] in ("coder", "bugfixer", "analyst")
        assert len(script.answers["PullRequestText"]["title"]) <= 72, script.name


def _apply(call: ToolCall, where: Path) -> None:
    """Do what the runner's tool of this name does to a file."""
    given: dict[str, Any] = call.arguments
    if call.name == "edit_file":
        text = (where / given["path"]).read_text()
        assert text.count(given["old"]) == 1, (call.name, given["path"])
        (where / given["path"]).write_text(text.replace(given["old"], given["new"]))
    elif call.name == "write_file":
        (where / given["path"]).write_text(given["content"])
    elif call.name == "read_file":
        assert (where / given["path"]).is_file()


def _test_results(script: Script, where: Path) -> list[bool]:
    """Play the whole script; whether the tests passed at each `run`, and at the end."""
    results = []
    env = os.environ | {"PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    for call in (call for step in script.steps for call in step.calls):
        _apply(call, where)
        if call.name in ("run", "finish"):
            command = [sys.executable, "-B", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
            results.append(
                subprocess.run(command, cwd=where, env=env, capture_output=True, timeout=120).returncode == 0
            )
    return results


@pytest.mark.parametrize(
    ("name", "results"),
    [
        ("cart-quantity", [False, True, True]),
        ("cart-discount", [True, True]),
        ("cart-wrong-fix", [False, False]),
        ("cart-analysis", [True]),
    ],
)
def test_a_shop_script_does_what_it_claims(name: str, results: list[bool], tmp_path: Path) -> None:
    shutil.copytree(REPOSITORIES / "python-shop", tmp_path / "shop")
    assert _test_results(BY_NAME[name], tmp_path / "shop") == results


def test_the_ledger_script_fits_its_files(tmp_path: Path) -> None:
    where = tmp_path / "ledger"
    shutil.copytree(REPOSITORIES / "java-ledger", where)
    for call in (call for step in BY_NAME["ledger-rounding"].steps for call in step.calls):
        _apply(call, where)
    assert "(cents * percent + 50) / 100" in (where / "src/main/java/shop/ledger/Ledger.java").read_text()
    assert "halfACentIsRoundedUp" in (where / "src/test/java/shop/ledger/LedgerTest.java").read_text()


def test_the_analysis_names_lines_that_hold_what_it_says() -> None:
    lines = (REPOSITORIES / "python-shop" / "shop" / "cart.py").read_text().splitlines()
    assert lines[13].strip().startswith("quantity: int")
    assert lines[24].strip() == "if item.quantity < 1:"
    assert lines[28].strip().startswith("def total")
    assert lines[30].strip().startswith("return sum(")
