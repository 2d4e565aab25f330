"""Have the locked dependencies of the images known vulnerabilities? pip-audit asks PyPI, where PyPI can be asked.

Source: https://github.com/pypa/pip-audit
"""

from __future__ import annotations

import hashlib
import json
import subprocess
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from testbed.supply.tools import BUILD, LOCKS

AUDITED = ("operator", "dashboard", "runner", "build")
"""The locks of what is in the images, and of what builds them."""
FRESH_SECONDS = 24 * 3600
"""So long an answer holds for the same locks."""
_SECONDS = 60


@dataclass
class Report:
    """What came of it. unasked: why nothing, or not everything, was asked for."""

    packages: int = 0
    found: list[str] = field(default_factory=list)
    unasked: str = ""

    def said(self) -> str:
        """As people read it."""
        if self.found:
            return "\n".join(["known vulnerabilities:", *(f"  {line}" for line in self.found)])
        if self.unasked:
            return f"not audited: {self.unasked}"
        return f"audited: {self.packages} packages, no known vulnerability"


def audit(tool: Path, locks: Sequence[Path], remembered: Path) -> Report:
    """Ask for all of the locks' packages; for one of them first, so that an index without answers is asked once.

    remembered: where a whole answer is kept for FRESH_SECONDS.
    """
    mark = hashlib.sha256(b"".join(lock.read_bytes() for lock in locks)).hexdigest()
    if known := _remembered(remembered, mark):
        return known
    with tempfile.TemporaryDirectory() as folder:
        one = Path(folder) / "one.txt"
        one.write_text(_first(locks[0].read_text()))
        report = _asked(tool, [one])
    if report.unasked:
        return report
    report = _asked(tool, locks)
    if not report.found and not report.unasked:
        remembered.parent.mkdir(parents=True, exist_ok=True)
        remembered.write_text(json.dumps({"mark": mark, "at": time.time(), "packages": report.packages}))
    return report


def _remembered(path: Path, mark: str) -> Report | None:
    if not path.exists():
        return None
    known = json.loads(path.read_text())
    fresh = known["mark"] == mark and 0 <= time.time() - known["at"] < FRESH_SECONDS
    return Report(known["packages"]) if fresh else None


def _first(lock: str) -> str:
    """The first requirement of a lock, with its hashes."""
    return lock.replace("\\\n", " ").splitlines()[0] + "\n"


def _asked(tool: Path, locks: Sequence[Path]) -> Report:
    files = [word for lock in locks for word in ("--requirement", str(lock))]
    words = [str(tool), "--vulnerability-service", "pypi", "--disable-pip", "--require-hashes", *files]
    try:
        done = subprocess.run(
            [*words, "--format", "json", "--progress-spinner", "off"],
            capture_output=True,
            text=True,
            timeout=_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Report(unasked=f"PyPI did not answer within {_SECONDS} s")
    return judged(done.stdout, done.stderr)


def judged(printed: str, errors: str) -> Report:
    """What pip-audit printed, as a report. It prints no JSON where it could not ask at all."""
    try:
        rows = json.loads(printed)["dependencies"]
    except (json.JSONDecodeError, KeyError):
        return Report(unasked=_last(errors) or "pip-audit gave no answer")
    skipped = [row for row in rows if "skip_reason" in row]
    found = {
        f"{row['name']} {row['version']}: {flaw['id']}, fixed in {', '.join(flaw['fix_versions']) or 'no version yet'}"
        for row in rows
        for flaw in row.get("vulns", ())
    }
    unasked = f"{len(skipped)} of {len(rows)} packages, {skipped[0]['skip_reason']}" if skipped else ""
    return Report(len(rows), sorted(found), unasked)


def _last(text: str) -> str:
    lines = [line for line in text.splitlines() if line.strip()]
    return lines[-1].strip()[:300] if lines else ""


def locks() -> list[Path]:
    return [LOCKS / f"{name}.lock" for name in AUDITED]


def remembered() -> Path:
    return BUILD / "audited.json"
