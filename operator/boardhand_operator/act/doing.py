"""One run being worked, and the writes to its status."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import aiohttp

from boardhand_api import API_VERSION
from boardhand_api.pod import LABEL_NUDGED, LABEL_TICKET
from boardhand_api.run_status import TicketRunStatus
from boardhand_operator.decide.conditions import run_conditions, stamp
from boardhand_operator.errors import BoardhandError
from boardhand_operator.kube import ApiException, Kube, Resource
from boardhand_operator.memory.store import Store
from boardhand_operator.names import ticket_label
from boardhand_operator.observing import Written
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.views import Pool, Run

REFUSED = (TimeoutError, BoardhandError, ApiException, aiohttp.ClientError, OSError)
"""What boards, forges and the API server raise where they do not do what they are asked: it is waited out."""
_log = logging.getLogger(__name__)


class Gone(Exception):
    """The run was deleted meanwhile: nothing is left to act for."""


@dataclass
class Doing:
    """A run, its pool, and everything an action needs."""

    kube: Kube
    store: Store
    services: Services
    settings: Settings
    run: Run
    pool: Pool | None
    said: list[str] = field(default_factory=list)
    """What was done, in words, for the run's next Event: an Event costs a request."""
    _noted: dict[str, Any] = field(default_factory=dict)
    """Fields of the status that are known here and not yet written."""

    @property
    def its_pool(self) -> Pool:
        """The pool; every action but recording and settling has one, as `decide` sees to."""
        if self.pool is None:
            raise ValueError(f"run {self.run.name} has no pool")
        return self.pool

    @property
    def elsewhere(self) -> bool:
        """Whether the ticket is of another board than the pool has now: what is called so there is another ticket."""
        board, ticket = self.its_pool.spec.board, self.run.spec.ticket.id
        label = (self.run.body["metadata"].get("labels") or {}).get(LABEL_TICKET)
        return bool(label and board and label != ticket_label(board.type, board.board, ticket))

    def owns(self, body: Mapping[str, Any] | None) -> bool:
        """Whether the object is there and this very run's, not one's of an earlier run of the same name."""
        owners = body["metadata"].get("ownerReferences") or [] if body else []
        return self.run.uid in {owner["uid"] for owner in owners}

    async def remove_job(self, name: str) -> None:
        """Delete the Job and its pod, where it is this run's."""
        job = await self.kube.get(Resource.JOBS, self.run.namespace, name)
        if job is not None and self.owns(job):
            await self.kube.delete(Resource.JOBS, self.run.namespace, name)
            self.store.gone(Resource.JOBS, job)

    async def nudge_job(self, name: str) -> None:
        """Say on the Job that it was looked at, so that whoever watches Jobs hears of it. One that is gone is
        forgotten: no watch may have said so, and it would be nudged for ever."""
        labels = {LABEL_NUDGED: str(int(datetime.now(UTC).timestamp()))}
        body = await self.kube.patch(Resource.JOBS, self.run.namespace, name, {"metadata": {"labels": labels}})
        known = self.store.get(Resource.JOBS, (self.run.namespace, name))
        if body is None and known is not None:
            self.store.gone(Resource.JOBS, known)
        elif body is not None:
            _log.warning(
                "%s/%s: Job %s has neither a pod nor an end; its controller is told",
                self.run.namespace,
                self.run.name,
                name,
            )
            self.store.wrote(Resource.JOBS, body)

    def note(self, fields: Mapping[str, Any]) -> None:
        """Keep fields of the status for the next `record`, which writes them all at once: a write costs a request.

        Only what is found again where this process ends before: claim markers, pull requests, comments.
        """
        self._noted |= fields
        self.run = replace(self.run, status=TicketRunStatus.model_validate(self._merged(fields)))

    async def flush(self) -> None:
        """Write what is noted, if anything is."""
        if self._noted:
            await self.record({"phase": self.run.status.phase.value})

    async def record(self, fields: Mapping[str, Any], message: str = "", reason: str | None = None) -> None:
        """Merge fields into the run's status, with the conditions that follow. Who no longer waits has no position.

        Raises Gone, and ApiException (409) where the run is not as it was when it was looked at: what was decided on
        an old memory, here or by another replica, is never written.
        """
        fields = self._noted | dict(fields)
        self._noted = {}
        if self.run.status.position is not None:
            fields = {"position": None, **fields}
        status = TicketRunStatus.model_validate(self._merged(fields))
        conditions = run_conditions(status, message, datetime.now(UTC), reason)
        patch = {
            "metadata": {"resourceVersion": self.run.body["metadata"]["resourceVersion"]},
            "status": {**fields, "conditions": [condition.wire() for condition in conditions]},
        }
        body = await self.kube.patch(Resource.RUNS, self.run.namespace, self.run.name, patch, "status")
        if body is None or body["metadata"]["uid"] != self.run.uid:
            raise Gone(self.run.name)
        job = self.run.status.job
        pod = self.store.pod_of(self.run.namespace, job) if job else None
        self.store.wrote(Resource.RUNS, body)
        self.services.observer.run_written(Written(self.run.body, body, self.pool, pod))
        self.run = Run.of(body)

    def _merged(self, fields: Mapping[str, Any]) -> dict[str, Any]:
        """The status as it is with these fields; None takes one away."""
        merged = {**self.run.status.wire(), **fields}
        return {key: value for key, value in merged.items() if value is not None}

    async def tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        """One Event of the run, for `kubectl describe`."""
        message = self.services.redactor.clean_for(self.run.namespace, message)
        _log.info("%s/%s: %s: %s", self.run.namespace, self.run.name, reason, message)
        now = stamp(datetime.now(UTC))
        # The times are whole seconds; within one, `kubectl describe` keeps the order of the names.
        name = f"{self.run.name[:230]}.{time.time_ns():016x}"
        await self.kube.create(
            Resource.EVENTS,
            self.run.namespace,
            {
                "apiVersion": "v1",
                "kind": "Event",
                "metadata": {"name": name, "namespace": self.run.namespace},
                "involvedObject": {
                    "apiVersion": API_VERSION,
                    "kind": "TicketRun",
                    "name": self.run.name,
                    "namespace": self.run.namespace,
                    "uid": self.run.uid,
                },
                "type": "Warning" if warning else "Normal",
                "reason": reason,
                "message": message[:1000],
                "source": {"component": "boardhand"},
                "firstTimestamp": now,
                "lastTimestamp": now,
                "count": 1,
            },
        )
