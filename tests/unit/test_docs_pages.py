"""Every page of the docs against what it tells of: links, fields, values, YAML, commands."""

from __future__ import annotations

import functools
import json
import re
import shlex
import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import typer
import yaml

from boardhand_cli.main import app
from boardhand_operator.specs.isolation import _RUNNER_SHARE, _SERVICE_SHARE, _TOOLCHAIN_SHARE
from boardhand_operator.specs.network import ALWAYS_CLOSED
from testbed import chart

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "SECURITY.md", *sorted((ROOT / "docs").rglob("*.md"))]
TOLD = [page for page in PAGES if page.parent.name != "decisions"]
"""A decision tells of its day."""
SEALED = "gAAAAAB" + "x" * 80
Json = dict[str, Any]


@functools.cache
def blocks(page: Path) -> list[str]:
    """The page's code, fenced or indented."""
    found: list[str] = []
    block: list[str] = []
    fenced = False
    for line in [*page.read_text().splitlines(), "the end"]:
        inside = not line.startswith("```") if fenced else line.startswith("    ") or bool(block and not line)
        if inside:
            block.append(line)
        elif block:
            found.append(textwrap.dedent("\n".join(block)))
            block = []
        if line.startswith("```"):
            fenced = not fenced
    return found


def mappings(page: Path) -> Iterator[Json]:
    """The page's YAML."""
    for block in blocks(page):
        try:
            found = list(yaml.safe_load_all(block.replace("gAAAAAB…", SEALED)))
        except yaml.YAMLError:
            continue
        if all(isinstance(one, dict) and all(re.match(r"[\w.]+$", str(key)) for key in one) for one in found):
            yield from found


@functools.cache
def schemas() -> dict[str, Json]:
    """Of each kind of Boardhand."""
    files = [yaml.safe_load(file.read_text()) for file in (ROOT / "crds").glob("*.yaml")]
    return {one["spec"]["names"]["kind"]: one["spec"]["versions"][0]["schema"]["openAPIV3Schema"] for one in files}


@functools.cache
def values() -> Json:
    found: Json = yaml.safe_load((chart.FOLDER / "values.yaml").read_text())
    return found


def strict(node: Any, *, whole: bool = True) -> Any:
    """A schema as the API server takes it, without fields that it would drop. whole: with all that is required."""
    if isinstance(node, list):
        return [strict(one, whole=whole) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: strict(value, whole=whole) for key, value in node.items() if whole or key != "required"}
    if node.get("x-kubernetes-int-or-string"):
        return {"type": ["integer", "string"]}
    if isinstance(node.get("properties"), dict) and not node.get("x-kubernetes-preserve-unknown-fields"):
        made.setdefault("additionalProperties", False)
    if made.pop("nullable", False) and isinstance(made.get("type"), str):
        made["type"] = [made["type"], "null"]
    return made


def refused(kind: str, body: Json) -> list[str]:
    """What the definition says of a whole object, in sentences."""
    schema = strict(schemas()[kind])
    schema["properties"] |= {"apiVersion": {}, "kind": {}, "metadata": {}}
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(body)]


def refused_part(spec: Json) -> list[str]:
    """What a pool's definition says of some of its fields."""
    schema = strict(schemas()["CodingAgent"]["properties"]["spec"], whole=False)
    return [error.message for error in jsonschema.Draft202012Validator(schema).iter_errors(spec)]


def test_links_within_the_project_lead_somewhere() -> None:
    links = [(page, *link) for page in PAGES for link in re.findall(r"\]\(([^):#\s]*)#?([^):\s]*)\)", page.read_text())]
    assert len(links) > len(PAGES)
    assert [link for link in links if not _leads(*link)] == []


def _leads(page: Path, file: str, part: str) -> bool:
    there = page.parent / file if file else page
    heads = re.findall(r"^#+ (.*)$", there.read_text(), re.MULTILINE) if part else []
    anchors = {re.sub(r"[^a-z0-9_ -]", "", head.lower()).replace(" ", "-") for head in heads}
    return there.exists() and (not part or part in anchors)


def test_a_link_to_nowhere_is_found() -> None:
    assert _leads(ROOT / "README.md", "docs/install.md", "a-pool")
    assert not _leads(ROOT / "README.md", "docs/install.md", "a-pond")
    assert not _leads(ROOT / "README.md", "docs/nowhere.md", "")


def in_schema(node: Json, parts: list[str]) -> bool:
    """Whether there is such a field; * is any, and a list's items are as the list."""
    while "items" in node:
        node = node["items"]
    if not parts or node.get("x-kubernetes-preserve-unknown-fields"):
        return True
    fields, name = node.get("properties") or {}, parts[0].removesuffix("[]")
    if isinstance(node.get("additionalProperties"), dict) and name not in fields:
        return in_schema(node["additionalProperties"], parts[1:])
    return any(in_schema(fields[one], parts[1:]) for one in (fields if name == "*" else {name} & fields.keys()))


def in_values(node: Any, parts: list[str]) -> bool:
    """Whether there is such a value; what is empty by default may hold anything."""
    if not parts or node == {}:
        return True
    return isinstance(node, dict) and parts[0] in node and in_values(node[parts[0]], parts[1:])


def paths(page: Path) -> list[str]:
    """What stands in the page's text as a.b, or a.b: value."""
    found = re.findall(r"`([a-z]\w*(?:\.[a-zA-Z\[\]*]+)+)(?=`|[ :=])[^`\n]*`", page.read_text())
    return [path for path in found if not path.endswith((".md", ".py", ".yaml"))]


def test_fields_that_are_named_are_in_the_definitions() -> None:
    named = [(page, path) for page in TOLD for path in paths(page) if path.startswith(("spec.", "status."))]
    assert len(named) > 100
    assert [one for one in named if not any(in_schema(top, one[1].split(".")) for top in schemas().values())] == []


def test_the_charts_values_that_are_named_are_there() -> None:
    pools = schemas()["CodingAgent"]["properties"]["spec"]
    named = [(page, path) for page in TOLD for path in paths(page) if path.split(".")[0] in values()]
    assert len(named) > 50
    known = [in_values(values(), path.split(".")) or in_schema(pools, path.split(".")) for _, path in named]
    assert [one for one, there in zip(named, known, strict=True) if not there] == []


def kind(found: Json) -> str:
    """Of YAML in a page: whole objects and their parts are Kubernetes' own, a pool's, or values of the chart."""
    pools = schemas()["CodingAgent"]["properties"]["spec"]["properties"].keys()
    if "kind" in found or found.keys() == {"rules"}:
        return str(found.get("kind", "Role"))
    return "pool" if found.keys() <= {"spec"} or found.keys() <= pools else "values"


def test_yaml_is_what_the_definitions_and_the_chart_take() -> None:
    found = [(page, kind(one), one) for page in PAGES for one in mappings(page)]
    wrong = [(page, refused(its, one)) for page, its, one in found if its in schemas() and refused(its, one)]
    parts = [(page, one.get("spec", one)) for page, its, one in found if its == "pool"]
    wrong += [(page, refused_part(one)) for page, one in parts if refused_part(one)]
    assert wrong == []
    assert len(parts) > 20
    allowed = json.loads((chart.FOLDER / "values.schema.json").read_text())
    for _, its, one in found:
        if its == "values":
            jsonschema.validate(one, allowed)


def test_the_examples_are_what_the_definitions_take() -> None:
    files = [*(ROOT / "examples").glob("*.yaml"), *(ROOT / "docs" / "examples").rglob("*.yaml")]
    ours = [one for file in files for one in yaml.safe_load_all(file.read_text()) if one["kind"] in schemas()]
    assert {one["kind"] for one in ours} == schemas().keys()
    assert [sentence for one in ours for sentence in refused(one["kind"], one)] == []
    broken = ours[0] | {"spec": ours[0]["spec"] | {"brd": {}}}
    assert refused(broken["kind"], broken) != []


def commands(page: Path, program: str) -> Iterator[list[str]]:
    """The words of each command of this program in the page's code; a line that ends in a backslash goes on."""
    for block in blocks(page):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip().startswith(f"{program} "):
                yield shlex.split(re.sub(r"\[|\]\.\.\.|\]", "", line), comments=True)


def test_commands_and_options_are_those_of_the_program() -> None:
    top = typer.main.get_command(app)
    seen = [line for page in PAGES for line in commands(page, "boardhand")]
    assert len(seen) > 5
    for line in seen:
        at: Any = top
        for word in line[1:]:
            if word in getattr(at, "commands", {}):
                at = at.commands[word]
            elif word.startswith("--"):
                assert word.split("=")[0] in {name for one in at.params for name in one.opts}, line
        assert at is not top, line


def test_what_make_is_told_to_do_is_in_the_makefile() -> None:
    wanted = {name for page in PAGES for name in re.findall(r"`make ([a-z][a-z-]+)", page.read_text())}
    wanted |= {line[1] for page in PAGES for line in commands(page, "make")}
    there = set(re.findall(r"^([a-z0-9-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert len(wanted) > 10
    assert {name for name in wanted if re.fullmatch("[a-z-]+", name)} - there == set()


def test_what_is_always_closed_is_listed() -> None:
    text = (ROOT / "docs" / "network.md").read_text().split("**Always closed**")[1].split("\n\n")[0]
    told = set(re.findall(r"`([0-9a-f:.]+(?:/[0-9]+)?)`", text))
    assert told == {one.removesuffix("/32").removesuffix("/128") for one in ALWAYS_CLOSED}


def test_what_a_container_gets_is_as_it_is_told() -> None:
    rows = re.findall(
        r"^\| (.*?) \| (\w+), (\w+) \| (\w+), (\w+) \| 50Mi", (ROOT / "docs" / "network.md").read_text(), re.M
    )
    told = {name: (one, most, memory, limit) for names, one, most, memory, limit in rows for name in names.split(", ")}
    assert told.keys() == {"`checkout`", "`agent`", "`publish`", "workbench", "proof", "a service"}
    shares = {"workbench": _TOOLCHAIN_SHARE, "proof": _TOOLCHAIN_SHARE, "a service": _SERVICE_SHARE}
    for name, share in told.items():
        wanted = shares.get(name, _RUNNER_SHARE)
        assert share == (*wanted["cpu"], *wanted["memory"])


def test_nobody_is_sent_to_a_package_index_for_it() -> None:
    """There is none by this name, so whoever takes the name there would be installed."""
    assert [page for page in TOLD if re.search(r"pip install[^\n]*boardhand", page.read_text())] == []


@pytest.mark.slow
@pytest.mark.parametrize("page", [page for page in PAGES if any("helm " in one for one in blocks(page))], ids=str)
def test_what_is_set_of_the_chart_is_rendered(page: Path) -> None:
    for line in commands(page, "helm"):
        given = [word for at in range(1, len(line)) if line[at - 1] == "--set" for word in ("--set", line[at])]
        chart.helm("template", "boardhand", str(chart.FOLDER), *(word.replace("…", "x") for word in given))


@pytest.mark.slow
def test_values_of_the_chart_are_rendered() -> None:
    found = [one for page in PAGES for one in mappings(page) if kind(one) == "values"]
    assert all(chart.rendered("boardhand", one) for one in found)
    assert found
