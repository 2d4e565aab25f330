"""What the proxy refused a run: read from its log once the run's pod has ended, and not all of it."""

from __future__ import annotations

import logging
import re
from datetime import datetime

import aiohttp

from boardhand_operator.decide.conditions import stamp
from boardhand_operator.kube import ApiException, Kube, Resource
from boardhand_operator.specs.egress import user_of
from boardhand_operator.specs.network import Proxy

MOST = 20
"""So many hosts are named."""
_LINES, _BYTES = 5000, 1_000_000
"""So much of each proxy pod's log is looked at: its end."""
_LINE = re.compile(r"refused [0-9]+ (\S+) TCP_DENIED\S* ([A-Za-z0-9._:\[\]-]{1,270})")
_log = logging.getLogger(__name__)


async def refused(kube: Kube, proxy: Proxy, namespace: str, run: str, since: datetime) -> list[str]:
    """The hosts, with their ports, that the run asked for in vain since then, by name; at most MOST.

    A log that cannot be read tells nothing: no run waits for it.
    """
    selector = ",".join(f"{name}={value}" for name, value in proxy.labels.items())
    found: set[str] = set()
    try:
        async for pod in kube.list(Resource.PODS, proxy.namespace, selector):
            text = await kube.log_since(proxy.namespace, pod["metadata"]["name"], stamp(since), _LINES, _BYTES)
            found |= hosts_of(text, user_of(namespace, run))
    except (ApiException, aiohttp.ClientError, TimeoutError, OSError) as failed:
        _log.warning("%s/%s: the proxy's log cannot be read: %s", namespace, run, failed)
    return sorted(found)[:MOST]


def hosts_of(text: str, user: str) -> set[str]:
    """The hosts in the log's lines about this user; what is no line of the proxy's is passed over."""
    lines = (_LINE.fullmatch(line.strip()) for line in text.splitlines())
    return {line[2] for line in lines if line and line[1] == user}
