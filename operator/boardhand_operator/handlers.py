"""The kopf side: watches feed the memory and the queue; a daemon a pool runs its worker. Nothing is decided here."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any, cast

import aiohttp
import kopf

from boardhand_api import GROUP, VERSION
from boardhand_api.pod import LABEL_RUN
from boardhand_operator.app import App
from boardhand_operator.kube import ApiException, Resource
from boardhand_operator.memory.kept import KEPT
from boardhand_operator.memory.store import key_of
from boardhand_operator.observing.watched import watched
from boardhand_operator.undiffed import NoDiffBase, NoEssence
from boardhand_operator.web import serving
from boardhand_operator.webhooks.callers import listening

Json = Mapping[str, Any]

_START_AGAIN = 1.0
WORKERS, IDLE_SECONDS = 50, 0.05
"""Of kopf's workers, one an object: how many there are at most of a kind, and how long one waits for a further event of
its object. It holds the last one meanwhile, whole, and other objects wait for its place: with kopf's five seconds a
burst of 500 cards kept 100 MB in queues."""


def register(app: App) -> kopf.OperatorRegistry:
    """All handlers, bound to this operator."""
    registry = kopf.OperatorRegistry()
    _life(app, registry)
    _runs(app, registry)
    _pools(app, registry)
    return registry


def _life(app: App, registry: kopf.OperatorRegistry) -> None:
    @kopf.on.login(registry=registry)
    async def login(**values: Any) -> kopf.ConnectionInfo | None:
        return kopf.login_with_service_account(**values) or kopf.login_with_kubeconfig(**values)

    @kopf.on.startup(registry=registry)
    async def start(settings: kopf.OperatorSettings, **_: Any) -> None:
        configure(settings)
        try:
            await app.start()
        except (ApiException, aiohttp.ClientError, OSError) as refused:
            # Definitions that the chart made a moment ago are not served yet, or the API server restarts.
            raise kopf.TemporaryError(f"the API server is not ready: {refused}", delay=_START_AGAIN) from refused

    @kopf.on.cleanup(registry=registry)
    async def stop(**_: Any) -> None:
        await app.stop()

    del login, start, stop


def _runs(app: App, registry: kopf.OperatorRegistry) -> None:
    """Of runs, their Jobs and their pods."""

    @kopf.on.event(GROUP, VERSION, "ticketruns", registry=registry)
    async def run_event(type: str | None, body: Json, **_: Any) -> None:
        app.heard(Resource.RUNS, body, type == "DELETED")

    @kopf.on.event("batch", "v1", "jobs", labels={LABEL_RUN: kopf.PRESENT}, registry=registry)
    async def job_event(type: str | None, body: Json, **_: Any) -> None:
        app.heard(Resource.JOBS, body, type == "DELETED")

    @kopf.on.event("", "v1", "pods", labels={LABEL_RUN: kopf.PRESENT}, registry=registry)
    async def pod_event(type: str | None, body: Json, **_: Any) -> None:
        app.heard(Resource.PODS, body, type == "DELETED")

    del run_event, job_event, pod_event


def _pools(app: App, registry: kopf.OperatorRegistry) -> None:
    @kopf.on.event(GROUP, VERSION, "codingagents", registry=registry)
    async def pool_event(type: str | None, body: Json, **_: Any) -> None:
        app.heard(Resource.POOLS, body, type == "DELETED")

    @kopf.daemon(GROUP, VERSION, "codingagents", registry=registry, cancellation_timeout=5)
    async def pool_daemon(body: Json, **_: Any) -> None:
        app.seen(Resource.POOLS, body, gone=False)
        await app.working.wait()
        async with app.pool_worker(key_of(body)) as worker:
            await worker.run(app.first_pause(body))

    del pool_event, pool_daemon


def configure(settings: kopf.OperatorSettings) -> None:
    """What kopf is told: no Events of its own, settled objects left out on the server, a finalizer of our name."""
    settings.posting.enabled = False
    settings.scanning.disabled = True
    settings.persistence.finalizer = f"{GROUP}/pool"
    settings.persistence.diffbase_storage = NoDiffBase()
    settings.persistence.progress_storage = NoEssence()
    settings.watching.label_selectors[GROUP, "ticketruns"] = KEPT[Resource.RUNS]
    settings.watching.label_selectors["batch", "jobs"] = KEPT[Resource.JOBS]
    # A Job that succeeded leaves by itself; the others, and all pods, are labelled when their run is settled.
    settings.watching.field_selectors["batch", "jobs"] = "status.successful!=1"
    settings.watching.label_selectors["pods"] = KEPT[Resource.PODS]
    settings.watching.server_timeout = 300
    settings.queueing.worker_limit = WORKERS
    settings.queueing.idle_timeout = IDLE_SECONDS


async def operate(app: App) -> None:
    """Run until cancelled, a signal, or the loss of the Lease. Raises OSError where a port cannot be listened on."""
    namespaces = app.settings.namespaces
    async with AsyncExitStack() as served:
        await served.enter_async_context(serving(app.vitals, *app.settings.probes))
        await served.enter_async_context(watched(app))
        if app.settings.webhooks:
            taken = listening(app.webhooks.admits, *app.settings.webhooks, app.settings.webhooks_tls)
            await served.enter_async_context(taken)
        await kopf.operator(
            registry=register(app),
            standalone=True,
            clusterwide=not namespaces,
            namespaces=namespaces,
            stop_flag=app.deposed,
            # Else kopf asks the password file for the user's name, which knows no user of a pod's number.
            identity=cast(Any, GROUP),
        )


def run(app: App) -> bool:
    """Run until a signal says to stop, the Lease is lost or the work ends of itself; whether it was the signal."""
    asyncio.run(operate(app))
    return not app.deposed.is_set()
