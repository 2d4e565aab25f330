"""The definitions as the API server takes them: generated from the models, structural, and explained throughout."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from boardhand_api.crd import definitions, files, main, structural
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.pool_status import CodingAgentStatus
from boardhand_api.run import TicketRunSpec
from boardhand_api.run_status import TicketRunStatus

ROOT = Path(__file__).parents[2]
Schema = dict[str, Any]
CRDS = {crd["spec"]["names"]["kind"]: crd for crd in definitions()}


def schema_of(kind: str) -> Schema:
    (version,) = CRDS[kind]["spec"]["versions"]
    schema: Schema = version["schema"]["openAPIV3Schema"]
    return schema


def nodes(schema: Schema, path: str = "") -> Iterator[tuple[str, Schema]]:
    """Every schema in a schema, with where it stands."""
    yield path, schema
    for name, child in schema.get("properties", {}).items():
        yield from nodes(child, f"{path}.{name}")
    if "items" in schema:
        yield from nodes(schema["items"], f"{path}[]")
    if isinstance(schema.get("additionalProperties"), dict):
        yield from nodes(schema["additionalProperties"], f"{path}{{}}")


ALL = [(kind, path, node) for kind in CRDS for path, node in nodes(schema_of(kind))]


@pytest.mark.parametrize("folder", ["crds", "helm/boardhand/files/crds"])
def test_the_files_are_those_that_the_models_make(folder: str) -> None:
    there = {path.name: path.read_text() for path in (ROOT / folder).glob("*.yaml")}
    assert there == files(), "run `make crds`"


def test_the_files_are_written_where_they_are_asked_for(tmp_path: Path) -> None:
    main([str(tmp_path / "a"), str(tmp_path / "b")])
    for folder in "ab":
        assert {path.name: path.read_text() for path in (tmp_path / folder).iterdir()} == files()
    for name, text in files().items():
        (crd,) = [crd for crd in definitions() if name.startswith(crd["metadata"]["name"])]
        assert yaml.safe_load(text) == crd
        assert "&id" not in text


@pytest.mark.parametrize(("kind", "path", "node"), ALL, ids=[f"{kind}{path}" for kind, path, _ in ALL])
def test_every_part_is_structural_and_explained(kind: str, path: str, node: Schema) -> None:
    assert "type" in node
    assert not node.keys() & {"$ref", "$defs", "anyOf", "oneOf", "allOf", "title", "const", "discriminator"}
    assert not ("properties" in node and "additionalProperties" in node)
    assert node["type"] != "array" or "items" in node
    known = not path or path.rsplit(".", 1)[-1] in ("apiVersion", "kind", "metadata")
    leaf = path.endswith(("[]", "{}"))
    if not known and not leaf:
        assert node.get("description", "").endswith((".", ":", ")")), node
        assert "\n" not in node["description"]
    assert not path.startswith(".status") or "default" not in node


def test_what_the_models_require_the_server_requires() -> None:
    spec = schema_of("CodingAgent")["properties"]["spec"]
    assert sorted(spec["required"]) == ["models", "repository", "workbench"]
    bench = spec["properties"]["workbench"]["properties"]
    assert "minItems" not in bench["verify"]
    rules = [
        rule
        for part in (bench["services"], bench["caches"], bench["caches"]["items"])
        for rule in part["x-kubernetes-validations"]
    ]
    assert all(rule["message"] for rule in rules)
    run = schema_of("TicketRun")["properties"]["spec"]
    assert sorted(run["required"]) == ["pool", "ticket"]
    assert run["properties"]["task"]["enum"] == ["Auto", "Implement", "Analyse", "Plan"]


def test_a_run_is_immutable_and_a_board_needs_a_forge() -> None:
    fixed, cancelled = schema_of("TicketRun")["properties"]["spec"]["x-kubernetes-validations"]
    for field in TicketRunSpec.model_fields.keys() - {"cancel", "suspend"}:
        assert f"self.{field} == oldSelf.{field}" in fixed["rule"]
    assert cancelled["rule"] == "self.cancel || !oldSelf.cancel"
    board, budget = schema_of("CodingAgent")["properties"]["spec"]["x-kubernetes-validations"]
    assert board["rule"] == "!has(self.board) || has(self.forge)"
    assert budget["rule"] == "!has(self.budget) || (has(self.limits) && has(self.limits.money))"


@pytest.mark.parametrize(
    ("model", "kind", "part"),
    [
        (CodingAgentSpec, "CodingAgent", "spec"),
        (CodingAgentStatus, "CodingAgent", "status"),
        (TicketRunSpec, "TicketRun", "spec"),
        (TicketRunStatus, "TicketRun", "status"),
    ],
)
def test_every_field_of_a_model_is_in_its_definition(model: type[BaseModel], kind: str, part: str) -> None:
    fields = {field.alias or name for name, field in model.model_fields.items()}
    assert set(schema_of(kind)["properties"][part]["properties"]) == fields


def test_the_status_is_a_subresource_and_conditions_are_a_map() -> None:
    for kind, crd in CRDS.items():
        (version,) = crd["spec"]["versions"]
        assert version["subresources"] == {"status": {}}
        conditions = schema_of(kind)["properties"]["status"]["properties"]["conditions"]
        assert conditions["x-kubernetes-list-type"] == "map"
        assert conditions["x-kubernetes-list-map-keys"] == ["type"]
        assert conditions["items"]["required"][0] == "type"


def test_every_column_shows_a_field_that_there_is() -> None:
    for kind, crd in CRDS.items():
        (version,) = crd["spec"]["versions"]
        for column in version["additionalPrinterColumns"]:
            path = column["jsonPath"].split("[", 1)[0].strip(".").split(".")
            if path[0] == "metadata":
                continue
            node = schema_of(kind)
            for name in path:
                node = node["properties"][name]
            if "[" not in column["jsonPath"]:
                shown = "date" if node.get("format") == "date-time" else node["type"]
                assert column["type"] == shown, column["jsonPath"]


def test_defaults_of_parts_leave_their_fields_their_own() -> None:
    """An object's default is empty: the server then fills in each field, also of a later version."""
    limits = schema_of("CodingAgent")["properties"]["spec"]["properties"]["limits"]
    assert limits["default"] == {}
    assert limits["properties"]["concurrency"]["default"] == 1
    assert "default" not in limits["properties"]["money"]


def test_a_choice_of_types_is_refused() -> None:
    with pytest.raises(ValueError, match="not a structural schema"):
        structural({"anyOf": [{"type": "string"}, {"type": "integer"}]}, {}, defaults=True)
