"""CustomResourceDefinitions from the models: `python -m boardhand_api.crd` writes them, a test compares.

The result is a structural schema as the API server demands: references inlined, no `anyOf`, no titles.
https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel

from boardhand_api.pool import CodingAgentSpec
from boardhand_api.pool_status import CodingAgentStatus
from boardhand_api.run import TicketRunSpec
from boardhand_api.run_status import TicketRunStatus

Schema = dict[str, Any]

_KEPT = {
    "type",
    "description",
    "enum",
    "format",
    "pattern",
    "minimum",
    "maximum",
    "minLength",
    "maxLength",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
    "required",
    "x-kubernetes-validations",
    "x-kubernetes-preserve-unknown-fields",
}

POOL_COLUMNS = [
    ("Ready", "string", '.status.conditions[?(@.type=="Ready")].status', 0),
    ("Reason", "string", '.status.conditions[?(@.type=="Ready")].reason', 0),
    ("Board", "string", ".spec.board.type", 0),
    ("Repository", "string", ".spec.repository.url", 0),
    ("Model", "string", ".spec.models.large.name", 1),
    ("Working", "integer", ".status.working", 0),
    ("Queued", "integer", ".status.queued", 0),
    ("Spent today", "string", ".status.spending.dayMoney", 1),
    ("This month", "string", ".status.spending.monthMoney", 1),
    ("Polled", "date", ".status.lastPollTime", 0),
    ("Age", "date", ".metadata.creationTimestamp", 0),
]
RUN_COLUMNS = [
    ("Pool", "string", ".spec.pool", 0),
    ("Ticket", "string", ".spec.ticket.key", 0),
    ("Phase", "string", ".status.phase", 0),
    ("Class", "string", ".status.failure.class", 0),
    ("Exit", "integer", ".status.verdict.exitCode", 0),
    ("Pull request", "string", ".status.pullRequest.url", 0),
    ("Money", "string", ".status.usage.money", 0),
    ("Title", "string", ".spec.ticket.title", 1),
    ("Branch", "string", ".status.branch", 1),
    ("Reason", "string", '.status.conditions[?(@.type=="Reconciling")].reason', 1),
    ("Position", "integer", ".status.position", 1),
    ("Priority", "integer", ".spec.priority", 1),
    ("Age", "date", ".metadata.creationTimestamp", 0),
]


def _merge_references(node: Schema, definitions: Mapping[str, Schema]) -> Schema:
    """The node with its `$ref` and its `anyOf` with null resolved; what the node itself says wins."""
    own = dict(node)
    if "$ref" in own:
        name = own.pop("$ref").rsplit("/", 1)[-1]
        return {**_merge_references(definitions[name], definitions), **own}
    if "anyOf" in own:
        choices = [choice for choice in own.pop("anyOf") if choice.get("type") != "null"]
        if len(choices) != 1:
            raise ValueError(f"not a structural schema: {node}")
        return {**_merge_references(choices[0], definitions), **own}
    return own


def structural(node: Schema, definitions: Mapping[str, Schema], *, defaults: bool) -> Schema:
    """A JSON schema of pydantic's as a structural schema; without `defaults`, none is carried over."""
    merged = _merge_references(node, definitions)
    out = {key: value for key, value in merged.items() if key in _KEPT}
    if "description" in out:
        out["description"] = " ".join(out["description"].split())
    default = merged.get("default")
    if defaults and default is not None:
        # An object's default is empty, so that each field's own default is the one that counts.
        out["default"] = {} if isinstance(default, dict) else default
    if "properties" in merged:
        out["properties"] = {
            name: structural(child, definitions, defaults=defaults) for name, child in merged["properties"].items()
        }
    elif isinstance(merged.get("additionalProperties"), dict):
        out["additionalProperties"] = structural(merged["additionalProperties"], definitions, defaults=defaults)
    if "items" in merged:
        out["items"] = structural(merged["items"], definitions, defaults=defaults)
        if merged["items"].get("$ref", "").endswith("/Condition"):
            out |= {"x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["type"]}
    return out


def _schema_of(model: type[BaseModel], *, defaults: bool) -> Schema:
    schema = model.model_json_schema(by_alias=True)
    return structural(schema, schema.get("$defs", {}), defaults=defaults)


def _object(spec: type[BaseModel], status: type[BaseModel]) -> Schema:
    return {
        "type": "object",
        "description": " ".join((spec.__doc__ or "").split()),
        "required": ["spec"],
        "properties": {
            "apiVersion": {"type": "string"},
            "kind": {"type": "string"},
            "metadata": {"type": "object"},
            "spec": _schema_of(spec, defaults=True),
            "status": _schema_of(status, defaults=False),
        },
    }


def definition(
    kind: str,
    spec: type[BaseModel],
    status: type[BaseModel],
    short: list[str],
    columns: list[tuple[str, str, str, int]],
) -> Schema:
    """One CustomResourceDefinition, version v1alpha1, namespaced, with a status subresource."""
    plural = kind.lower() + "s"
    version = {
        "name": "v1alpha1",
        "served": True,
        "storage": True,
        "subresources": {"status": {}},
        "additionalPrinterColumns": [
            {"name": name, "type": type_, "jsonPath": path, "priority": priority}
            for name, type_, path, priority in columns
        ],
        "schema": {"openAPIV3Schema": _object(spec, status)},
    }
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.boardhand.dev"},
        "spec": {
            "group": "boardhand.dev",
            "scope": "Namespaced",
            "names": {
                "kind": kind,
                "listKind": f"{kind}List",
                "plural": plural,
                "singular": kind.lower(),
                "shortNames": short,
                "categories": ["boardhand"],
            },
            "versions": [version],
        },
    }


def definitions() -> list[Schema]:
    """Both kinds."""
    return [
        definition("CodingAgent", CodingAgentSpec, CodingAgentStatus, ["pool"], POOL_COLUMNS),
        definition("TicketRun", TicketRunSpec, TicketRunStatus, ["run"], RUN_COLUMNS),
    ]


class _Plain(yaml.SafeDumper):
    """Without anchors: people read these files."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


def files() -> dict[str, str]:
    """File name to YAML text, as it stands in `crds/` and in the chart."""
    return {
        f"{crd['metadata']['name']}.yaml": "# Generated from boardhand_api by `make crds`; do not edit.\n"
        + yaml.dump(crd, Dumper=_Plain, sort_keys=False, width=110)
        for crd in definitions()
    }


def fields(schema: dict[str, Any], path: str = "") -> set[str]:
    """The paths of all fields of spec and status in a definition's schema; a list's items have the list's."""
    out = set()
    for name, child in (schema.get("properties") or {}).items():
        if path or name in ("spec", "status"):
            out |= {f"{path}{name}"} | fields(child, f"{path}{name}.")
    return out | (fields(schema["items"], path) if "items" in schema else set())


def main(folders: list[str]) -> None:
    """Write both files into each folder."""
    for folder in folders:
        Path(folder).mkdir(parents=True, exist_ok=True)
        for name, text in files().items():
            (Path(folder) / name).write_text(text)


if __name__ == "__main__":
    main(sys.argv[1:] or ["crds", "helm/boardhand/files/crds"])
