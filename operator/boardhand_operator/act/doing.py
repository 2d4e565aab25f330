"""One run being worked, and the writes to its status."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from boardhand_api import API_VERSION
from boardhand_api.run import TicketRunStatus
from boardhand_operator.conditions import run_conditions, stamp
from boardhand_operator.kube import Kube, Resource
from boardhand_operator.services import Services
from boardhand_operator.settings import Settings
from boardhand_operator.store import Store
from boardhand_operator.views import Pool, Run

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

    @property
    def its_pool(self) -> Pool:
        """The pool; every action but recording and settling has one, as `decide` sees to."""
        if self.pool is None:
            raise ValueError(f"run {self.run.name} has no pool")
        return self.pool

    def owns(self, body: Mapping[str, Any] | None) -> bool:
        """Whether the object is there and this very run's, not one's of an earlier run of the same name."""
        owners = body["metadata"].get("ownerReferences") or [] if body else []
        return self.run.uid in {owner["uid"] for owner in owners}

    async def record(self, fields: Mapping[str, Any], message: str = "", reason: str | None = None) -> None:
        """Merge fields into the run's status, with the conditions that follow. Who no longer waits has no position.

        Raises Gone, and ApiException (409) where the run is not as it was when it was looked at: what was decided on
        an old memory, here or by another replica, is never written.
        """
        if self.run.status.position is not None:
            fields = {"position": None, **fields}
        known = {key: value for key, value in fields.items() if value is not None}
        merged = self.run.status.wire() | known
        for key in fields.keys() - known.keys():
            merged.pop(key, None)
        conditions = run_conditions(TicketRunStatus.model_validate(merged), message, datetime.now(UTC), reason)
        patch = {
            "metadata": {"resourceVersion": self.run.body["metadata"]["resourceVersion"]},
            "status": {**fields, "conditions": [condition.wire() for condition in conditions]},
        }
        body = await self.kube.patch(Resource.RUNS, self.run.namespace, self.run.name, patch, "status")
        if body is None or body["metadata"]["uid"] != self.run.uid:
            raise Gone(self.run.name)
        self.store.wrote(Resource.RUNS, body)
        self.run = Run.of(body)

    async def tell(self, reason: str, message: str, *, warning: bool = False) -> None:
        """One Event of the run, for `kubectl describe`."""
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
