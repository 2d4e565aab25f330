"""`python -m testbed.supply sbom|audit`: write the images' SBOMs, or ask for known vulnerabilities."""

from __future__ import annotations

import argparse
import sys

from testbed.shell import TestbedError
from testbed.supply import audit, sbom
from testbed.supply.tools import ROOT, tool


def main() -> int:
    """Exit code 1 where something could not be made, or a vulnerability is known. What was not asked is no failure."""
    parser = argparse.ArgumentParser(prog="python -m testbed.supply", description=__doc__)
    parser.add_argument("action", choices=("sbom", "audit"))
    action = parser.parse_args().action
    try:
        return {"sbom": _sbom, "audit": _audit}[action]()
    except TestbedError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1


def _sbom() -> int:
    for name in sbom.IMAGES:
        print(sbom.make(name).relative_to(ROOT))
    return 0


def _audit() -> int:
    report = audit.audit(tool("pip-audit"), audit.locks(), audit.remembered())
    print(report.said())
    return 1 if report.found else 0


if __name__ == "__main__":
    sys.exit(main())
