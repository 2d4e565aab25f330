"""Pure: fields of `--field`, and the sealed texts of pools, as objects and as files."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import yaml
from pydantic import ValidationError

from boardhand_api.pool import CodingAgentSpec
from boardhand_api.sealed import KEY_NAME
from boardhand_cli.problems import Exit, Problem
from boardhand_operator.credentials import sources
from boardhand_operator.errors import Misconfigured
from boardhand_operator.sealed.keyring import Keyring, Place

_PLACES = {
    "board": ("spec.board", "sealed"),
    "forge": ("spec.forge", "sealed"),
    "repository.read": ("spec.repository", "readSealed"),
    "repository.push": ("spec.repository", "pushSealed"),
    "models.large": ("spec.models.large", "sealed"),
    "models.small": ("spec.models.small", "sealed"),
    "models.large.fallback": ("spec.models.large.fallback", "sealed"),
    "models.small.fallback": ("spec.models.small.fallback", "sealed"),
}
_NAMED = re.compile(r"(mcpServers|notifications)\.([a-z]([a-z0-9-]{0,18}[a-z0-9])?)")


@dataclass(frozen=True)
class Field:
    """Where a sealed text belongs."""

    place: str
    key: str
    under: str
    """The part of the pool, such as spec.board."""
    name: str
    """The field of that part: sealed, readSealed or pushSealed."""

    @classmethod
    def parse(cls, text: str) -> Field:
        """Of PLACE.KEY, such as board.token. Raises Problem, without what was given: it may hold a value."""
        place, _, key = text.rpartition(".")
        named = _NAMED.fullmatch(place)
        at = (f"spec.{named[1]}[{named[2]}]", "sealed") if named else _PLACES.get(place)
        if at is None or not re.fullmatch(KEY_NAME, key):
            allowed = ", ".join([*_PLACES, "mcpServers.NAME", "notifications.NAME"])
            raise Problem(Exit.USAGE, f"--field is PLACE.KEY, such as board.token; PLACE is one of: {allowed}")
        return cls(place, key, *at)

    def yaml(self, text: str) -> str:
        """The part of the pool's YAML with this text."""
        return f"# under {self.under}\n{self.name}:\n  {self.key}: {text}\n"


@dataclass(frozen=True)
class Text:
    """A sealed text, and what it was sealed for."""

    place: Place
    text: str


def texts_of(namespace: str, pool: str, spec: CodingAgentSpec) -> Iterator[Text]:
    """All of a pool."""
    for source in sources(spec).values():
        for key, text in (source.sealed or {}).items():
            yield Text(Place(namespace, pool, f"{source.place}.{key}"), text)


def texts_of_file(content: str, namespace: str | None) -> list[Text]:
    """All of the pools of a YAML file; namespace: of those that name none. Raises Problem."""
    try:
        documents = list(yaml.safe_load_all(content))
    except yaml.YAMLError as wrong:
        where = getattr(wrong, "problem_mark", None)
        raise Problem(Exit.INPUT, f"the file is no YAML{f' (line {where.line + 1})' if where else ''}") from None
    except (ValueError, RecursionError) as wrong:
        said = "is nested too deep" if isinstance(wrong, RecursionError) else f"holds a date that is none ({wrong})"
        raise Problem(Exit.INPUT, f"the file {said}: put it in quotes, or leave it out") from None
    return [text for pool in _pools(documents) for text in _texts(pool, namespace)]


def _pools(documents: list[Any]) -> Iterator[Mapping[str, Any]]:
    for document in documents:
        if isinstance(document, dict) and document.get("kind") == "List":
            items = document.get("items")
            yield from _pools(items if isinstance(items, list) else [])
        elif isinstance(document, dict) and document.get("kind") == "CodingAgent":
            yield document


def _texts(pool: Mapping[str, Any], namespace: str | None) -> list[Text]:
    meta = pool.get("metadata")
    if not isinstance(meta, dict):
        raise Problem(Exit.INPUT, "a pool of the file has no metadata: give it `metadata: {name: …, namespace: …}`")
    name, where = str(meta.get("name")), meta.get("namespace") or namespace
    if where is None:
        raise Problem(Exit.USAGE, f"pool {name} names no namespace in the file: give --namespace")
    try:
        return list(texts_of(str(where), name, CodingAgentSpec.model_validate(pool.get("spec"))))
    except ValidationError as wrong:
        first = wrong.errors(include_url=False, include_input=False)[0]
        at = ".".join(str(part) for part in first["loc"])
        raise Problem(Exit.INPUT, f"pool {name}: spec.{at}: {first['msg']}") from None


def resealed(content: str, found: list[Text], ring: Keyring) -> tuple[str, int]:
    """The file's content with every text of an older key sealed with the newest, and how many those are.

    All else stays as it is, comments and form. Raises Problem for a text that does not open, or is not on one line.
    """
    count = 0
    for one in found:
        if ring.which(one.text) == ring.ids[0]:
            continue
        try:
            value = ring.open(one.place, one.text)
        except Misconfigured as wrong:
            raise Problem(Exit.INPUT, f"pool {one.place.pool}: {wrong.message}") from None
        if one.text not in content:
            raise Problem(Exit.INPUT, f"pool {one.place.pool}: the text of {one.place.field} must stand on one line")
        content = content.replace(one.text, ring.seal(one.place, value))
        count += 1
    return content, count
