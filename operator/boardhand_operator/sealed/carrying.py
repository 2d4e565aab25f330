"""Pure: sealed texts of the pool as it is now, in the spec that a run began with: a token may have been replaced.

Of a Secret the present content counts for runs under way; what is sealed stands in the spec, which a run keeps.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Json = dict[str, Any]

_SERVER = ("type", "url", "board")
_MODEL = ("provider", "baseURL")


def carried(old: Mapping[str, Any], now: Mapping[str, Any]) -> Json:
    """The old spec with the present texts, where they are for the same server: no other ever gets them."""
    out = dict(old)
    for place in ("board", "forge"):
        if place in old:
            out[place] = _with(old[place], now.get(place) or {}, _SERVER, "sealed")
    repository = now.get("repository") or {}
    for field in ("readSealed", "pushSealed"):
        out["repository"] = _with(out["repository"], repository, ("url",), field)
    out["models"] = {size: _model(model, (now.get("models") or {}).get(size)) for size, model in old["models"].items()}
    if old.get("mcpServers"):
        out["mcpServers"] = list(_servers(old["mcpServers"], now.get("mcpServers") or []))
    return out


def _model(old: Json, now: Json | None) -> Json:
    out = _with(old, now or {}, _MODEL, "sealed")
    if fallback := old.get("fallback"):
        out["fallback"] = _with(fallback, (now or {}).get("fallback") or {}, _MODEL, "sealed")
    return out


def _servers(old: list[Json], now: list[Json]) -> Iterator[Json]:
    present = {server["name"]: server for server in now}
    for server in old:
        yield _with(server, present.get(server["name"]) or {}, ("url", "command"), "sealed")


def _with(old: Json, now: Mapping[str, Any], same: tuple[str, ...], field: str) -> Json:
    if old.get(field) and now.get(field) and all(old.get(name) == now.get(name) for name in same):
        return {**old, field: now[field]}
    return dict(old)
