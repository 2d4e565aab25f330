"""The cluster: its version, our definitions, and the clocks. Pure."""

from __future__ import annotations

import re
from datetime import timedelta
from functools import cache
from typing import Any

from boardhand_api import crd
from boardhand_client.trials.facts import Facts, Hidden
from boardhand_client.trials.finding import Finding, Said, Unseen

OLDEST = (1, 29)
"""Stages are native sidecars and init containers."""
APART = timedelta(seconds=30)
_INSTALL = "kubectl apply --server-side -f crds/"


def version(facts: Facts) -> Said:
    """Kubernetes is new enough."""
    major, minor = (re.match(r"[0-9]*", str(facts.version.get(part, "")))[0] for part in ("major", "minor"))  # type: ignore[index]
    if major and minor and (int(major), int(minor)) < OLDEST:
        oldest = ".".join(map(str, OLDEST))
        said = f"Kubernetes {major}.{minor}; stages are native sidecars, which need {oldest}"
        yield Finding("version", "the cluster", said, f"upgrade the cluster to Kubernetes {oldest} or later")


def clock(facts: Facts) -> Said:
    """This machine and the API server agree on the time."""
    if facts.server_at is None:
        return
    apart = facts.at - facts.server_at
    if abs(apart) > APART:
        word = "ahead of" if apart > timedelta(0) else "behind"
        said = f"this machine's clock is {abs(apart).total_seconds():.0f} s {word} the API server's"
        yield Finding("clock", "this machine", said, "timedatectl set-ntp true  # here, or on the API server's machine")


def definitions(facts: Facts) -> Said:
    """Both kinds are there, and as this version has them."""
    for wanted in _ours():
        name = str(wanted["metadata"]["name"])
        about, found = f"CustomResourceDefinition {name}", facts.definitions.get(name)
        if isinstance(found, Hidden):
            yield Unseen("crd", about, found.why)
        elif found is None:
            yield Finding("crd", about, "it is not there", _INSTALL)
        else:
            yield from _same(about, wanted, found)


@cache
def _ours() -> list[dict[str, Any]]:
    """Made of the models, which takes a moment."""
    return crd.definitions()


def _same(about: str, wanted: dict[str, Any], found: dict[str, Any]) -> Said:
    ours = wanted["spec"]["versions"][0]
    theirs = next((one for one in found["spec"]["versions"] if one["name"] == ours["name"]), None)
    if theirs is None or not theirs.get("served"):
        yield Finding("crd", about, f"it does not serve version {ours['name']}", _INSTALL)
        return
    here, there = (crd.fields(one["schema"]["openAPIV3Schema"]) for one in (ours, theirs))
    if lacking := sorted(here - there):
        said = f"it is of an older version: {_shown(lacking)} {'is' if len(lacking) == 1 else 'are'} not there"
        yield Finding("crd", about, said, _INSTALL)
    elif beyond := sorted(there - here):
        said = f"it is of a newer version than this program, which does not know {_shown(beyond)}"
        yield Finding("crd", about, said, "pip install --upgrade '.[cli]'  # in a newer checkout of Boardhand")


def _shown(paths: list[str]) -> str:
    more = f" and {len(paths) - 3} more" if len(paths) > 3 else ""
    return ", ".join(paths[:3]) + more
