"""What the recorder reads of the cluster, and how it gets there: with its own ServiceAccount and nothing more."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from boardhand_api.pod import LABEL_RUN, Stage
from boardhand_client.errors import Unauthenticated
from boardhand_client.identity import of_token
from boardhand_client.session import Session
from boardhand_history.entries import Entry
from boardhand_history.models import Kept, Kind
from boardhand_history.texts import LOG_BYTES, Text, absent, diff, transcript
from boardhand_operator.decide import observe
from boardhand_operator.kube import Json, Resource
from boardhand_operator.names import label_value

_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
_JOB = "batch.kubernetes.io/job-name"


class Cluster(Protocol):
    """The part of `boardhand_client.session.Session` that is used."""

    async def snapshot(
        self, resource: Resource, namespace: str | None, each: Callable[[Json], None], selector: str = ""
    ) -> str: ...

    def watch(
        self, resource: Resource, namespace: str | None, selector: str = "", since: str = ""
    ) -> AsyncIterator[Json]: ...

    def metadata(self, resource: Resource, namespace: str | None, selector: str) -> AsyncIterator[Json]: ...

    def list(self, resource: Resource, namespace: str | None, selector: str) -> AsyncIterator[Json]: ...

    async def get(self, resource: Resource, namespace: str, name: str) -> Json | None: ...

    async def whole_log(self, namespace: str, pod: str, container: str, limit: int) -> str: ...


async def connected(environment: Mapping[str, str], account: Path = _ACCOUNT) -> Session:
    """With the pod's ServiceAccount, whose token is read anew each time; from outside a cluster with the kubeconfig.

    Raises SessionError where there is neither.
    """
    host, port = (environment.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
    if not host:
        return await Session.kubeconfig()
    token = account / "token"
    server = f"https://{f'[{host}]' if ':' in host else host}:{port}"
    identity = of_token(server, str(account / "ca.crt"), _token(token))
    return Session(replace(identity, headers=lambda: {"Authorization": f"Bearer {_token(token)}"}))


def _token(file: Path) -> str:
    try:
        return file.read_text().strip()
    except OSError as missing:
        raise Unauthenticated(f"{file}: {missing.strerror}; mount the token of the recorder's account") from None


async def texts_of(cluster: Cluster, entry: Entry) -> tuple[Text, Text]:
    """The run's transcript and diff, from its last pod's log. Raises SessionError where they cannot be read now."""
    pod = await _pod(cluster, entry)
    return (
        await _read(cluster, pod, Stage.AGENT, Kind.TRANSCRIPT, transcript, bool(entry.job)),
        await _read(cluster, pod, Stage.PUBLISH, Kind.DIFF, diff, entry.pushed),
    )


def unread(entry: Entry) -> tuple[Text, Text]:
    """In place of texts that nobody can read any more."""
    return (
        absent(Kind.TRANSCRIPT, Kept.GONE if entry.job else Kept.NONE),
        absent(Kind.DIFF, Kept.GONE if entry.pushed else Kept.NONE),
    )


async def _pod(cluster: Cluster, entry: Entry) -> Json | None:
    """The newest pod of the run's last Job; not one of an earlier run of the same name."""
    if not entry.job:
        return None
    namespace, name = entry.where
    selector = f"{LABEL_RUN}={label_value(name)},{_JOB}={entry.job}"
    pods = [pod async for pod in cluster.list(Resource.PODS, namespace, selector)]
    own = [pod for pod in pods if observe.parse_time(pod["metadata"]["creationTimestamp"]) >= entry.run["created_at"]]
    return max(own, key=lambda pod: str(pod["metadata"]["creationTimestamp"]), default=None)


async def _read(
    cluster: Cluster, pod: Json | None, stage: Stage, kind: Kind, reading: Callable[[str], Text], expected: bool
) -> Text:
    if not expected:
        return absent(kind, Kept.NONE)
    if pod is None:
        return absent(kind, Kept.GONE)
    if not observe.stages(pod).get(stage, observe.StageState()).started:
        return absent(kind, Kept.NONE)
    meta = pod["metadata"]
    log = await cluster.whole_log(meta["namespace"], meta["name"], stage.value, LOG_BYTES)
    return await asyncio.to_thread(reading, log) if log else absent(kind, Kept.GONE)
