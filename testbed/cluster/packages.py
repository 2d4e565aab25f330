"""The parts that come from Debian."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from testbed.artefact import locked
from testbed.plan import cache_dir
from testbed.shell import TestbedError, run, say

PACKAGES = (
    "buildah",
    "conntrack",
    "containerd",
    "containernetworking-plugins",
    "debootstrap",
    "gcc",
    "iproute2",
    "iptables",
    "libc6-dev",
    "nftables",
    "runc",
    "util-linux",
)
_POLICY = Path("/usr/sbin/policy-rc.d")
_SAVED_POLICY = _POLICY.with_name("policy-rc.d.before-boardhand")
# 101 is "action forbidden by policy" to invoke-rc.d: installing containerd must not start it.
_POLICY_TEXT = "#!/bin/sh\n# Boardhand's testbed is installing packages.\nexit 101\n"


def ensure_packages(packages: Sequence[str] = PACKAGES) -> None:
    """Install what is missing, without starting any service of it.

    Raises TestbedError when this is not Debian, when something is missing and the caller is not root, or when
    apt-get fails.
    """
    if shutil.which("dpkg-query") is None or shutil.which("apt-get") is None:
        raise TestbedError(
            "the embedded cluster takes its node parts from Debian packages, and this is not Debian;"
            f" give a cluster with KUBECONFIG=…, or start a Docker engine. It needs: {', '.join(packages)}"
        )
    listing = run(["dpkg-query", "--show", "--showformat", "${db:Status-Status} ${Package}\n"])
    missing = missing_packages(packages, listing)
    if not missing:
        return
    if os.geteuid() != 0:
        raise TestbedError(f"as root, run: apt-get install {' '.join(missing)}")
    with locked(cache_dir() / "apt.lock"), _no_services():
        say(f"installing from Debian: {', '.join(missing)}")
        _apt_get("update")
        _apt_get("install", "--yes", "--no-install-recommends", *missing)


def missing_packages(packages: Sequence[str], listing: str) -> list[str]:
    """Those of `packages` that are not installed, by a listing of one status and name a line."""
    installed = {line.split()[1] for line in listing.splitlines() if line.startswith("installed ")}
    return [name for name in packages if name not in installed]


def _apt_get(*arguments: str) -> None:
    command = ["apt-get", "--quiet", "-o", "DPkg::Lock::Timeout=600", *arguments]
    run(command, env={**os.environ, "DEBIAN_FRONTEND": "noninteractive"})


@contextmanager
def _no_services() -> Iterator[None]:
    """Forbid package scripts to start services, and put the host's own policy back afterwards.

    The host's policy is kept by a rename, so the run after a killed one finds and restores it.
    """
    if _POLICY.exists() and _POLICY.read_text() != _POLICY_TEXT:
        _POLICY.rename(_SAVED_POLICY)
    _POLICY.write_text(_POLICY_TEXT)
    _POLICY.chmod(0o755)
    try:
        yield
    finally:
        _POLICY.unlink()
        if _SAVED_POLICY.exists():
            _SAVED_POLICY.rename(_POLICY)
