"""Boards and forges are found by entry point, so that somebody else's package can add one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.metadata import entry_points
from typing import Any

from boardhand_operator.errors import Misconfigured


def implementation(group: str, name: str, field: str) -> Any:
    """The class registered as `name` in this entry point group.

    field: where the pool says it, such as spec.board.type. Raises Misconfigured naming what is installed.
    """
    found = {entry.name: entry for entry in entry_points(group=group)}
    if name not in found:
        installed = ", ".join(sorted(found)) or "none"
        raise Misconfigured("UnknownType", f"{field} is {name!r}; installed are: {installed}.")
    return found[name].load()


def require_keys(credentials: Mapping[str, str], keys: Sequence[str], secret: str, field: str) -> None:
    """Raise Misconfigured where a key of the Secret is missing or empty."""
    missing = [key for key in keys if not credentials.get(key, "").strip()]
    if missing:
        wanted = ", ".join(f"`{key}`" for key in missing)
        raise Misconfigured("SecretIncomplete", f"Secret {secret} ({field}) has nothing under {wanted}: add it there.")


def token_refused(secret: str) -> str:
    """What to do about a token that the vendor refuses. secret: the Secret that holds it under `token`."""
    return f"It refused the token in Secret {secret}: make a new one and put it under the key `token`."
