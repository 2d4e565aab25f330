"""The docs' pages of boards and forges: their YAML is what the models take, their tables have all that is installed."""

from __future__ import annotations

import re
import textwrap
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

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
    """The rows of a page's tables, by each of the types that they are for."""
    found: dict[str, str] = {}
    for line in (line for line in (ROOT / page).read_text().splitlines() if line.startswith("| [`")):
        for name in re.findall(r"`([a-z-]+)`", line.split("|")[1]):
            found[name] = found.get(name, "") + line
    return found


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


@pytest.mark.parametrize("page", PAGES[1:-2], ids=lambda page: f"{page.parent.name}/{page.name}")
def test_a_pages_own_yaml_is_what_the_models_take(page: Path) -> None:
    kinds: dict[str, type[BaseModel]] = {"board": Board, "forge": Forge, "repository": Repository}
    blocks = re.findall(r"```yaml\n(.*?)```|((?:^    [^\n]*\n)+)", page.read_text(), re.DOTALL | re.MULTILINE)
    found = [
        kinds[kind].model_validate(fields)
        for block in blocks
        if (text := textwrap.dedent("".join(block))).startswith(tuple(f"{kind}:" for kind in kinds))
        for document in yaml.safe_load_all(text)
        for kind, fields in document.items()
    ]
    assert {getattr(one, "type", page.stem) for one in found} >= {page.stem}


@pytest.mark.parametrize("kind", ["boards", "forges"])
def test_the_table_has_what_is_installed_with_the_keys_of_its_secret(kind: str) -> None:
    there = rows(f"docs/{kind}.md")
    installed = {entry.name: entry.load() for entry in entry_points(group=f"boardhand.{kind}")}
    assert there.keys() == installed.keys()
    assert {line.count("| [`") for line in there.values()} == {2}
    for name, cls in installed.items():
        assert all(f"`{key}`" in there[name] for key in cls.credential_keys), name
