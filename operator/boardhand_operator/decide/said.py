"""What the stages of a try answered: their messages, read. They only explain; exit codes decide."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ValidationError

from boardhand_api.pod import Stage
from boardhand_api.result import Checked, Published, Result
from boardhand_operator.decide import observe
from boardhand_operator.decide.observe import StageState

Json = Mapping[str, Any]
T = TypeVar("T", bound=BaseModel)

ANSWERING = (Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH)
"""Stages of ours, whose messages have versions."""


@dataclass(frozen=True)
class Said:
    """What the stages answered, each in its own form."""

    seen: Mapping[Stage, StageState]
    checked: Checked
    answered: Result | None
    """None where it cannot be read; as the next one."""
    pushed: Published | None

    @classmethod
    def of(cls, seen: Mapping[Stage, StageState], logged: Result | None) -> Self:
        """logged: the result event of the agent's log; None where it could not be read."""
        checkout, agent, publish = (seen.get(stage, StageState()).message for stage in ANSWERING)
        answered = logged or _parsed(Result, agent)
        return cls(seen, _parsed(Checked, checkout) or Checked(), answered, _parsed(Published, publish))

    def state(self, stage: Stage) -> StageState:
        """How that stage is."""
        return self.seen.get(stage, StageState())

    @property
    def result(self) -> Result:
        """What the agent answered; what is known without it where that cannot be read."""
        return self.answered or Result(base_commit=self.checked.base_commit)

    @property
    def published(self) -> Published:
        """What publish answered; nothing where that cannot be read."""
        return self.pushed or Published()

    @property
    def proves(self) -> bool:
        """Whether the pod has a proof: an analysis has none."""
        return Stage.PUBLISH in self.seen or Stage.VERIFY in self.seen

    @property
    def unended(self) -> bool:
        """Whether a stage did not come to its end, as far as the pod says."""
        return self.state(Stage.AGENT).exit_code is None or (self.proves and self.state(Stage.VERIFY).exit_code is None)


def published_by(pod: Json | None) -> Published:
    """What publish says that it pushed; nothing as long as it has not ended well."""
    state = observe.stages(pod).get(Stage.PUBLISH, StageState())
    return (_parsed(Published, state.message) if state.exit_code == 0 else None) or Published()


def _parsed(model: type[T], text: str) -> T | None:
    try:
        return model.model_validate_json(text)
    except ValidationError:
        return None
