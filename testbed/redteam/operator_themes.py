"""The themes of the operator, of the texts that it writes, and of the pods on the testbed's cluster."""

from __future__ import annotations

from collections.abc import Callable

from testbed.redteam import (
    cluster_pods,
    operator_answers,
    operator_deputy,
    operator_forge,
    operator_hooks,
    operator_messages,
    operator_planted,
    operator_said,
    texts_read,
)
from testbed.redteam.attack import Attack

THEMES: tuple[Callable[[], list[Attack]], ...] = (
    cluster_pods.attacks,
    operator_answers.attacks,
    operator_deputy.attacks,
    operator_forge.attacks,
    operator_hooks.attacks,
    operator_messages.attacks,
    operator_planted.attacks,
    operator_said.attacks,
    texts_read.attacks,
)
