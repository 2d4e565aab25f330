"""The chart as Helm renders it, without a cluster."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from testbed.cluster import binaries
from testbed.shell import run

Json = dict[str, Any]
FOLDER = Path(__file__).resolve().parents[1] / "helm" / "boardhand"
RELEASE = "boardhand"


def rendered(namespace: str, values: Mapping[str, Any] | None = None, *, tests: bool = False) -> list[Json]:
    """The objects of a release in this namespace, without the definitions. Raises TestbedError with Helm's words.

    tests: also those that are there only for `helm test`.
    """
    text = helm(
        *("template", RELEASE, str(FOLDER), "--namespace", namespace, "--set", "crds.install=false", "--values", "-"),
        *(() if tests else ("--skip-tests",)),
        stdin=json.dumps(values or {}),
    )
    return [body for body in yaml.safe_load_all(text) if body]


def helm(*words: str, stdin: str | None = None) -> str:
    """What Helm prints. Raises TestbedError with its last words."""
    return run([binaries.ensure("helm") / "helm", *words], stdin=stdin, timeout=60)
