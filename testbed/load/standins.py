"""Board and forge of a load cluster: the stand-ins as processes that end with it."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

import httpx

from testbed.load import objects
from testbed.load.cluster import LoadCluster
from testbed.load.ports import free_ports
from testbed.shell import wait_for

_ROOT = Path(__file__).resolve().parents[2]
_READY_SECONDS = 30
_NO_LIMIT = {"enabled": False, "token": 1_000_000, "key": 1_000_000}


def start_trello(cluster: LoadCluster) -> str:
    """The address of a Trello stand-in, whose headers tell of a limit that nobody reaches."""
    url = _start(cluster, "trello", ["--key", objects.TRELLO_KEY, "--token", objects.TRELLO_TOKEN])
    httpx.post(f"{url}/_testbed/rate-limit", json=_NO_LIMIT, trust_env=False).raise_for_status()
    return url


def start_gitea(cluster: LoadCluster, repositories: Iterable[str]) -> str:
    """The address of a Gitea stand-in with these repositories (`owner/name`)."""
    words = [word for name in repositories for word in ("--repository", name)]
    return _start(cluster, "gitea", ["--token", objects.FORGE_TOKEN, *words])


def start_model(cluster: LoadCluster, key: str) -> str:
    """The address of the scripted stand-in for a model that takes this key, with its version."""
    return f"{_start(cluster, 'model', ['--key', key])}/v1"


def _start(cluster: LoadCluster, name: str, args: Sequence[str]) -> str:
    (port,) = free_ports(1)
    command = [sys.executable, "-m", f"testbed.{name}", "--host", "127.0.0.1", "--port", str(port), *args]
    cluster.programs.start(name, command, {"PYTHONPATH": str(_ROOT)})
    url = f"http://127.0.0.1:{port}"

    def answers() -> bool:
        cluster.require_alive()
        try:
            return httpx.get(f"{url}/_testbed/faults", timeout=2, trust_env=False).is_success
        except httpx.HTTPError:
            return False

    wait_for(f"the stand-in {name}", answers, _READY_SECONDS, every=0.05)
    return url
