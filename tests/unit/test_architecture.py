"""The parts and what they may know of each other, and the vocabulary's surface."""

from __future__ import annotations

from pathlib import Path

import pytest
from importlinter.cli import lint_imports

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


def test_the_import_contracts_hold(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    code = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    said = capsys.readouterr().out
    assert code == 0, said
    assert "0 broken" in said


def test_the_vocabularys_surface_is_what_others_build_on() -> None:
    assert set(boardhand_api.__all__) == SURFACE
    assert all(hasattr(boardhand_api, name) for name in SURFACE)
    assert boardhand_api.API_VERSION == "boardhand.dev/v1alpha1"


@pytest.mark.parametrize(
    ("module", "pure_of"),
    [
        ("decide", {"kube", "services", "boards", "forges", "act", "store"}),
        ("outcome", {"kube", "services", "boards", "forges", "act", "store"}),
        ("observe", {"kube", "services", "boards", "forges", "act", "store"}),
        ("places", {"kube", "services", "boards", "forges", "act", "store"}),
        ("names", {"kube", "services", "boards", "forges", "act", "store"}),
        ("words", {"kube", "services", "boards", "forges", "act", "store"}),
        ("health", {"kube", "services", "boards", "forges", "act", "store"}),
        ("intake", {"kube", "services", "forges", "act", "store"}),
        ("commands", {"kube", "services", "forges", "act", "store"}),
        ("lessons", {"kube", "services", "boards", "forges", "act", "store"}),
    ],
)
def test_the_core_knows_no_edge(module: str, pure_of: set[str]) -> None:
    text = (ROOT / "operator" / "boardhand_operator" / f"{module}.py").read_text()
    imported = {line.split()[1] for line in text.splitlines() if line.startswith(("from ", "import "))}
    known = {name.split(".")[1] for name in imported if name.startswith("boardhand_operator.")}
    assert not known & pure_of
    assert not {name.split(".")[0] for name in imported} & {"asyncio", "aiohttp", "httpx", "kopf", "kubernetes"}
