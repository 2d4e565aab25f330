"""The agent's result from its log: asked for where the termination message lacks some of it, and not for ever."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from http import HTTPStatus

from pydantic import ValidationError

from boardhand_api.events import EVENT_BYTES, last_result
from boardhand_api.pod import Stage
from boardhand_api.result import Result
from boardhand_operator.decide import observe
from boardhand_operator.decide.observe import Json
from boardhand_operator.kube import ApiException, Kube

PATIENCE_SECONDS = 30.0
"""A log that cannot be read for so long is done without: its node may be gone, and the message tells the outcome."""
_REMEMBERED = 1000
_log = logging.getLogger(__name__)


class Logs:
    """Reads logs of pods that ended."""

    def __init__(self, kube: Kube, clock: Callable[[], float] = time.monotonic) -> None:
        self._kube = kube
        self._clock = clock
        self._failing: dict[str, float] = {}
        """By the pod's UID, since when its log could not be read; the newest last."""

    async def result(self, namespace: str, pod: Json) -> Result | None:
        """The whole result; None where the termination message has all of it, or the log none.

        Raises ApiException and TimeoutError where the log cannot be read now, for PATIENCE_SECONDS; then None.
        """
        agent = observe.stages(pod).get(Stage.AGENT, observe.StageState())
        if not agent.started or not _cut(agent.message):
            return None
        try:
            line = await self._kube.last_line(namespace, pod["metadata"]["name"], Stage.AGENT.value, EVENT_BYTES)
        except (ApiException, TimeoutError) as failed:
            if isinstance(failed, ApiException) and (failed.status or 0) < HTTPStatus.INTERNAL_SERVER_ERROR:
                raise
            self._bear(str(pod["metadata"]["uid"]), failed)
            return None
        return last_result(line)

    def _bear(self, uid: str, failed: Exception) -> None:
        since = self._failing.setdefault(uid, self._clock())
        for old in list(self._failing)[:-_REMEMBERED]:
            del self._failing[old]
        if self._clock() - since < PATIENCE_SECONDS:
            raise failed
        _log.warning("the log of pod %s cannot be read, its message stands in: %s", uid, failed)


def _cut(message: str) -> bool:
    """Whether the message may lack something: it says so, it does not say, or it cannot be read."""
    try:
        return Result.model_validate_json(message).cut is not False
    except ValidationError:
        return True
