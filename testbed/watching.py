"""Waiting for what the operator does, by polling with a deadline, and saying what is to be seen when it does not."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

from testbed.kubectl import Kubectl
from testbed.shell import TestbedError

Json = dict[str, Any]
FINISHED = ("Succeeded", "Failed", "Cancelled")


def condition(body: Json, name: str) -> Json:
    """The condition of this type, or an empty one."""
    for entry in body.get("status", {}).get("conditions", []):
        if entry["type"] == name:
            return dict(entry)
    return {}


def wait_for_pool(kubectl: Kubectl, name: str, ready: str, seconds: float) -> Json:
    """Poll until the pool's Ready condition is `ready` ("True" or "False"); the pool."""
    deadline = time.monotonic() + seconds
    while True:
        body = kubectl.get("codingagent", name) or {}
        found = condition(body, "Ready")
        generation = body.get("metadata", {}).get("generation")
        if found.get("status") == ready and found.get("observedGeneration") == generation:
            return body
        if time.monotonic() > deadline:
            raise TestbedError(
                f"pool {name}: Ready is not {ready} after {seconds:.0f} s: {found or 'no condition yet'}"
            )
        time.sleep(0.3)


def run_of_card(kubectl: Kubectl, card: str, seconds: float, *, after: str = "") -> Json:
    """Poll until there is a run of the card, made after the one named `after`; the youngest."""
    deadline = time.monotonic() + seconds
    while True:
        runs = [run for run in kubectl.list("ticketruns") if run["spec"]["ticket"]["id"] == card]
        runs.sort(key=lambda run: str(run["metadata"]["creationTimestamp"]))
        if runs and runs[-1]["metadata"]["name"] != after:
            return runs[-1]
        if time.monotonic() > deadline:
            raise TestbedError(f"no run of card {card} after {seconds:.0f} s")
        time.sleep(0.3)


def finished(kubectl: Kubectl, name: str, seconds: float, seen: Callable[[str], None] | None = None) -> Json:
    """Poll until the run is finished; `seen` is told each phase. Raises TestbedError with its Events."""
    return all_finished(kubectl, [name], seconds, lambda _, phase: seen(phase) if seen else None)[name]


def all_finished(
    kubectl: Kubectl, names: Sequence[str], seconds: float, seen: Callable[[str, str], None]
) -> dict[str, Json]:
    """The runs by name, once all are finished; `seen` is told each phase of each.

    Raises TestbedError with the Events of the first that is not finished in time.
    """
    deadline, runs, phases = time.monotonic() + seconds, dict[str, Json](), dict.fromkeys(names, "")
    left = list(names)
    while True:
        for name in left:
            runs[name] = kubectl.get("ticketrun", name) or {}
            phase = str(runs[name].get("status", {}).get("phase", ""))
            if phase != phases[name]:
                seen(name, phase)
            phases[name] = phase
        left = [name for name in left if phases[name] not in FINISHED]
        if not left:
            return runs
        if time.monotonic() > deadline:
            told = kubectl("describe", "ticketrun", left[0])[-3000:]
            raise TestbedError(f"run {left[0]} is {phases[left[0]] or 'unknown'} after {seconds:.0f} s\n{told}")
        time.sleep(0.3)
