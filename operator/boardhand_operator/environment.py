"""One variable of the environment at a time, as a program's settings read it. Pure; all raise ValueError, naming it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import TypeVar

Environment = Mapping[str, str]
Choice = TypeVar("Choice", bound=StrEnum)


def address(environment: Environment, name: str) -> tuple[str, int] | None:
    """Host and port of whom to call; None where it is not set. IPv6 stands in brackets, and comes without."""
    found = listening(environment, name)
    if found and not found[0]:
        raise ValueError(f"{name}={environment[name]!r}: give host:port, such as 127.0.0.1:8080")
    return found


def listening(environment: Environment, name: str) -> tuple[str, int] | None:
    """Where to listen, as `address`; without a host at every address, of IPv4 and IPv6: host is empty then."""
    text = environment.get(name, "")
    host, colon, port = text.rpartition(":")
    if not text:
        return None
    if not colon or not port.isdigit() or int(port) > 65535:
        raise ValueError(f"{name}={text!r}: give host:port, such as 127.0.0.1:8080, or :8080 for every address")
    return host.removeprefix("[").removesuffix("]"), int(port)


def words(environment: Environment, name: str) -> tuple[str, ...]:
    """What stands between commas; nothing where it is not set."""
    return tuple(part.strip() for part in environment.get(name, "").split(",") if part.strip())


def choice(environment: Environment, name: str, default: Choice) -> Choice:
    """One of the enumeration's values."""
    text = environment.get(name, "")
    try:
        return type(default)(text) if text else default
    except ValueError:
        allowed = ", ".join(type(default))
        raise ValueError(f"{name}={text!r}: give one of {allowed}, or leave it out") from None


def path(environment: Environment, name: str) -> Path | None:
    """A file or folder, which is not looked for; None where it is not set."""
    text = environment.get(name, "")
    return Path(text) if text else None


def flag(environment: Environment, name: str) -> bool:
    """False where it is not set."""
    text = environment.get(name, "").lower()
    if text not in ("", "true", "false"):
        raise ValueError(f"{name}={text!r}: give true or false, or leave it out")
    return text == "true"


def count(environment: Environment, name: str, most: int = 10**9) -> int | None:
    """A whole number from 1 to `most`; None where it is not set."""
    text = environment.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or len(text) > len(str(most)) or not 0 < int(text) <= most:
        raise ValueError(f"{name}={text!r}: give a whole number above 0, {most} at most, or leave it out")
    return int(text)


def seconds(environment: Environment, name: str, default: float) -> float:
    """A number above 0."""
    text = environment.get(name, "")
    if not text:
        return default
    try:
        value = float(text)
    except ValueError:
        value = -1
    if not 0 < value < float("inf"):
        raise ValueError(f"{name}={text!r}: give a number of seconds above 0")
    return value
