"""The kept tools, locked in requirements/supply.lock and installed by make into an environment of their own."""

from __future__ import annotations

from pathlib import Path

from testbed.shell import TestbedError

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ROOT / "requirements"
BUILD = ROOT / "build" / "supply"


def tool(name: str) -> Path:
    """Where the program is. Raises TestbedError where make has not installed it."""
    found = BUILD / "venv" / "bin" / name
    if not found.exists():
        raise TestbedError(f"{found.relative_to(ROOT)} is not there: run `make sbom` or `make audit`, which install it")
    return found
