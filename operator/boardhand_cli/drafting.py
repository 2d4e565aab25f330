"""A pool as `boardhand init` writes it: the CodingAgent, and its credentials as Secrets or sealed. Pure."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml
from pydantic import ValidationError

from boardhand_api import API_VERSION
from boardhand_api.pool import CodingAgentSpec
from boardhand_cli.problems import Exit, Problem
from boardhand_operator.sealed.keyring import Keyring, Place

Json = dict[str, Any]
READ, PUSH = "repository.read", "repository.push"
_SECRETS = {"board": "board", "forge": "forge", READ: "git", PUSH: "git", "models.large": "model"}
"""Place to the end of its Secret's name. Cloning and pushing share one where they have the same."""


@dataclass
class Draft:
    """What was answered."""

    namespace: str
    name: str
    spec: Json = field(default_factory=dict)
    """Without credentials."""
    credentials: dict[str, Mapping[str, str]] = field(default_factory=dict)
    """By place, as `boardhand seal --field` names them."""

    def secret(self, place: str) -> str:
        """The name of the Secret of this place."""
        apart = place == READ and self.credentials[READ] != self.credentials[PUSH]
        return f"{self.name}-{_SECRETS[place]}{'-read' if apart else ''}"

    def with_references(self) -> Json:
        """The spec with a Secret for each place."""
        spec = copy.deepcopy(self.spec)
        for place in self.credentials:
            part, names = _part(spec, place)
            part[names[0]] = {"name": self.secret(place)}
        return spec

    def documents(self, ring: Keyring | None) -> list[Json]:
        """Secrets and the pool; with a ring, the pool alone, its credentials sealed. Raises Problem, and Unusable."""
        meta = {"name": self.name, "namespace": self.namespace}
        pool = {"apiVersion": API_VERSION, "kind": "CodingAgent", "metadata": meta}
        if ring:
            return [pool | {"spec": _checked(self._sealed(ring))}]
        secrets = {
            self.secret(place): {
                "apiVersion": "v1",
                "kind": "Secret",
                "metadata": {"name": self.secret(place), "namespace": self.namespace},
                "stringData": dict(values),
            }
            for place, values in self.credentials.items()
        }
        return [*secrets.values(), pool | {"spec": _checked(self.with_references())}]

    def _sealed(self, ring: Keyring) -> Json:
        spec = copy.deepcopy(self.spec)
        for place, values in self.credentials.items():
            part, names = _part(spec, place)
            where = self.namespace, self.name
            part[names[1]] = {key: ring.seal(Place(*where, f"{place}.{key}"), value) for key, value in values.items()}
        return spec


def _part(spec: Json, place: str) -> tuple[Json, tuple[str, str]]:
    """The part of the spec for a place, and how it names a Secret and what is sealed."""
    name, _, way = place.partition(".")
    if name == "repository":
        return spec[name], (f"{way}SecretRef", f"{way}Sealed")
    return (spec[name][way] if way else spec[name]), ("secretRef", "sealed")


def _checked(spec: Json) -> Json:
    """The spec, which is one. Raises Problem naming the field."""
    try:
        CodingAgentSpec.model_validate(spec)
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise Problem(Exit.INPUT, f"spec.{where}: {first['msg']}") from None
    return spec


class _Blocks(yaml.SafeDumper):
    """Texts of several lines stay readable."""


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style="|" if "\n" in text else None)


_Blocks.add_representer(str, _text)


def written(documents: list[Json]) -> str:
    """As YAML."""
    return yaml.dump_all(documents, Dumper=_Blocks, sort_keys=False, allow_unicode=True, width=110)
