"""Boardhand's vocabulary: the two kinds, what a pod is told, and what it answers.

Both programs speak it; it knows neither. `pool` (in parts: `model`, `workbench`, `limits` and others) and `run` (with
`ticket` and `run_status`) are the Kubernetes kinds, `order` is what a run's pod is given, `events` and `result` are
what its agent answers, `failures` is the one table of failure classes and exit codes, `pod` names the stages and where
each finds its things.
"""

from boardhand_api.failures import FailureClass, class_of_exit_code, exit_code_of
from boardhand_api.order import Order
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.result import Result
from boardhand_api.run import TicketRunSpec
from boardhand_api.run_status import TicketRunStatus

GROUP = "boardhand.dev"
VERSION = "v1alpha1"
API_VERSION = f"{GROUP}/{VERSION}"

__all__ = [
    "API_VERSION",
    "GROUP",
    "VERSION",
    "CodingAgentSpec",
    "FailureClass",
    "Order",
    "Result",
    "TicketRunSpec",
    "TicketRunStatus",
    "class_of_exit_code",
    "exit_code_of",
]
