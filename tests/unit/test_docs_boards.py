"""The docs' pages of boards and forges: their YAML is what the models take, their tables have all that is installed."""

from __future__ import annotations

import re
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml

from boardhand_api import API_VERSION
from boardhand_api.pool import Board, Forge, Repository
from boardhand_api.run import TicketRunSpec

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(page for kind in ("boards", "forges") for page in DOCS.glob(f"{kind}/*.md"))]
PAGES += [DOCS / "boards.md", DOCS / "forges.md"]


def yamls(page: str) -> list[dict[str, Any]]:
    """The indented blocks of a page that are mappings of a pool's spec, or objects."""
    text = (ROOT / page).read_text()
    blocks = re.findall(r"(?:^    .*\n(?:\n(?=    ))?)+", text, re.MULTILINE)
    wanted = [block for block in blocks if re.match(r"    (spec|apiVersion):", block)]
    return [yaml.safe_load(block) for block in wanted]


def rows(page: str) -> dict[str, str]:
    """The rows of a page's first table, by each of the types that they are for."""
    lines = [line for line in (ROOT / page).read_text().splitlines() if line.startswith("| [`")]
    return {name: line for line in lines for name in re.findall(r"`([a-z-]+)`", line.split("|")[1])}


def test_the_run_applied_by_hand_is_one() -> None:
    (run,) = [block for block in yamls("docs/boards.md") if block.get("kind") == "TicketRun"]
    assert run["apiVersion"] == API_VERSION
    assert TicketRunSpec.model_validate(run["spec"]).ticket.id == run["metadata"]["name"]


def test_the_pools_parts_are_what_the_models_take() -> None:
    (board,) = [block["spec"]["board"] for block in yamls("docs/boards.md") if "board" in block["spec"]]
    assert Board.model_validate(board).type == "jira"
    (spec,) = [block["spec"] for block in yamls("docs/forges.md")]
    assert Forge.model_validate(spec["forge"]).reviewers == ["ada"]
    assert Repository.model_validate(spec["repository"]).branch == "main"


@pytest.mark.parametrize("kind", ["boards", "forges"])
def test_the_table_has_what_is_installed_with_the_keys_of_its_secret(kind: str) -> None:
    there = rows(f"docs/{kind}.md")
    installed = {entry.name: entry.load() for entry in entry_points(group=f"boardhand.{kind}")}
    assert there.keys() == installed.keys()
    for name, cls in installed.items():
        assert all(f"`{key}`" in there[name] for key in cls.credential_keys), name


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_to_a_file_leads_somewhere(page: Path) -> None:
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text())
    missing = [link for link in links if not (page.parent / link).exists()]
    assert missing == []
