"""Bringing Gitea up and down as a process of the host."""

from __future__ import annotations

import shutil
import subprocess
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import httpx

from testbed.artefact import locked
from testbed.forge import process
from testbed.forge.build import ensure_gitea
from testbed.forge.info import ForgeInfo, home, load, save
from testbed.forge.install import Installation
from testbed.plan import Plan, cache_dir
from testbed.shell import TestbedError, say, wait_for

_READY_SECONDS = 30


def default_address(plan: Plan) -> str:
    """Where host and pods both reach a server: the link to the embedded cluster if it is up, else loopback."""
    return plan.host_ip if Path("/sys/class/net", plan.veth_host).exists() else "127.0.0.1"


def up(plan: Plan, address: str) -> ForgeInfo:
    """A forge that answers on `address`, with accounts and tokens; data of an earlier start is kept.

    Safe to call again: one that runs there already is left alone, one that was killed is started anew. Raises
    TestbedError with the end of Gitea's log when it does not get ready.
    """
    source = ensure_gitea()
    with locked(cache_dir() / "locks" / f"forge-{plan.name}.lock"):
        place = Installation(home(plan))
        url = f"http://{address}:{plan.port('gitea')}"
        known = load(plan)
        if known and known.base_url == url and process.running(place.files.binary) and _healthy(url):
            return known
        process.stop(place.files.binary)
        if known:
            info = replace(known, base_url=url)
            place.configure(address, plan.port("gitea"))
        else:
            info = place.create(source, address, plan.port("gitea"))
        save(plan, info)
        _serve(place, url)
    say(f"forge: Gitea on {url}")
    return info


def down(plan: Plan) -> None:
    """Stop the forge and remove all it kept; nothing happens where there is none."""
    place = Installation(home(plan))
    process.stop(place.files.binary)
    if place.home.exists():
        shutil.rmtree(place.home)
        for folder in (plan.service_state, plan.service_state.parent):
            # Others may keep something there, or come just now.
            with suppress(OSError):
                folder.rmdir()


def _serve(place: Installation, url: str) -> None:
    log = place.home / "gitea.log"
    with log.open("ab") as sink:
        server = subprocess.Popen(
            place.command("web"),
            env=place.environment,
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=sink,
            cwd="/",
            start_new_session=True,
        )
    try:
        wait_for(f"Gitea on {url}", lambda: not _ended(server) and _healthy(url), _READY_SECONDS, every=0.05)
    except TestbedError as error:
        process.stop(place.files.binary)
        last = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise TestbedError(f"{error}; the end of {log}:\n{last}") from error


def _ended(server: subprocess.Popen[bytes]) -> bool:
    if server.poll() is None:
        return False
    raise TestbedError(f"Gitea ended with exit {server.returncode}")


def _healthy(url: str) -> bool:
    try:
        answer = httpx.get(f"{url}/api/healthz", timeout=2, trust_env=False)
    except httpx.TransportError:
        return False
    return answer.is_success and answer.json()["status"] == "pass"
