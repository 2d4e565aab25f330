"""Debian's Chromium, driven by Playwright: no browser of Playwright's own is downloaded."""

from __future__ import annotations

import shutil
from pathlib import Path

from testbed.cluster.packages import ensure_packages
from testbed.shell import TestbedError

ROOT = Path(__file__).resolve().parent.parent
AXE = ROOT / "build" / "web" / "node_modules" / "axe-core" / "axe.min.js"
"""What `make web` brings: https://github.com/dequelabs/axe-core."""
ARGUMENTS = ("--no-sandbox", "--disable-dev-shm-usage")
"""As root there is no sandbox; all pages are our own."""
PATIENCE = 30_000
"""Milliseconds in which a page is to show what a test expects, on a machine that has other things to do."""


def executable() -> str:
    """Chromium's path; installed where it is missing. Raises TestbedError."""
    if shutil.which("chromium") is None:
        ensure_packages(("chromium",))
    found = shutil.which("chromium")
    if found is None:
        raise TestbedError("there is no chromium on the path: apt-get install chromium")
    return found


def axe() -> str:
    """axe-core's source. Raises TestbedError where it was not fetched."""
    if not AXE.exists():
        raise TestbedError(f"{AXE.relative_to(ROOT)} is missing: make web")
    return AXE.read_text()
