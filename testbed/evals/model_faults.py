"""The group `model`: what goes wrong between the runner and a model's server, one fault a case."""

from __future__ import annotations

from functools import partial

from testbed.evals import (
    model_faults_answers,
    model_faults_http,
    model_faults_limits,
    model_faults_roles,
    model_faults_streams,
    model_faults_vendors,
)
from testbed.evals.case import Case, one_of
from testbed.evals.faulty_run import Fault, play

GROUP = "model"
FAULTS: tuple[Fault, ...] = (
    *model_faults_answers.FAULTS,
    *model_faults_http.FAULTS,
    *model_faults_streams.FAULTS,
    *model_faults_limits.FAULTS,
    *model_faults_roles.FAULTS,
    *model_faults_vendors.FAULTS,
)


def cases() -> list[Case]:
    """Every fault's. The reason beside the class, and what else must hold, are told as problems."""
    return [_case(fault) for fault in FAULTS]


def _case(fault: Fault) -> Case:
    return Case(
        name=f"fault-{fault.name}",
        group=GROUP,
        expected=one_of(fault.expected.split("/")[0]),
        run=partial(play, fault),
        short=fault.short,
        needs=("git",),
        waits=True,
    )
