"""The parts and what they may know of each other, and the vocabulary's surface."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import boardhand_api

ROOT = Path(__file__).parents[2]

SURFACE = {
    "API_VERSION",
    "GROUP",
    "VERSION",
    "CodingAgentSpec",
    "FailureClass",
    "Order",
    "Result",
    "TicketRunSpec",
    "TicketRunStatus",
    "class_of_exit_code",
    "exit_code_of",
}


def test_the_import_contracts_hold() -> None:
    """In a process of its own: it switches off every logger that is there."""
    program = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout
    assert "0 broken" in done.stdout


def test_the_vocabularys_surface_is_what_others_build_on() -> None:
    assert set(boardhand_api.__all__) == SURFACE
    assert all(hasattr(boardhand_api, name) for name in SURFACE)
    assert boardhand_api.API_VERSION == "boardhand.dev/v1alpha1"


@pytest.mark.parametrize(
    ("module", "pure_of"),
    [
        ("texts/words", {"kube", "services", "boards", "forges", "act", "memory"}),
        ("texts/form", {"kube", "services", "boards", "forges", "act", "memory"}),
        ("texts/fitting", {"kube", "services", "boards", "forges", "act", "memory"}),
        ("pools/health", {"kube", "services", "boards", "forges", "act", "memory"}),
        ("pools/intake", {"kube", "services", "forges", "act", "memory"}),
        ("pools/commands", {"kube", "services", "forges", "act", "memory"}),
        ("pools/lessons", {"kube", "services", "boards", "forges", "act", "memory"}),
        ("pools/pace", {"kube", "services", "boards", "forges", "act", "memory"}),
    ],
)
def test_the_core_knows_no_edge(module: str, pure_of: set[str]) -> None:
    text = (ROOT / "operator" / "boardhand_operator" / f"{module}.py").read_text()
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("from ", "import "))}
    known = {name.split(".")[1] for name in imported if name.startswith("boardhand_operator.")}
    assert not known & pure_of
    assert not {name.split(".")[0] for name in imported} & {"asyncio", "aiohttp", "httpx", "kopf", "kubernetes"}
