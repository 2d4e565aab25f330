"""What is told in another shape by another vendor."""

from __future__ import annotations

from testbed.evals.faulty_run import Fault

FAULTS: tuple[Fault, ...] = ()
