"""Buildah on a storage of the testbed's own: nothing of the host's container storage is read or changed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from testbed.artefact import locked
from testbed.plan import cache_dir
from testbed.shell import run

HOST_CA_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")

_ENDS_WITH_CALLER = ("setpriv", "--pdeathsig", "KILL")


def _home() -> Path:
    return cache_dir() / "buildah"


def buildah(*arguments: str | Path) -> str:
    """Run buildah on the testbed's storage and return what it printed; needs root.

    Raises TestbedError with buildah's last lines.
    """
    home = _home()
    scratch = home / "tmp"
    scratch.mkdir(parents=True, exist_ok=True)
    own = ("--root", home / "root", "--runroot", home / "run", "--storage-driver", "overlay")
    # TMPDIR also decides where `RUN --mount=type=cache` keeps pip's downloads between builds.
    environment = {**os.environ, "BUILDAH_ISOLATION": "chroot", "TMPDIR": str(scratch)}
    # Without its caller it would go on and write into a storage that the next build takes for free.
    return run([*_ENDS_WITH_CALLER, "buildah", *own, *arguments], env=environment)


@contextmanager
def exclusive() -> Iterator[None]:
    """One build at a time: two would fight over layers and for the machine's cores."""
    with locked(_home() / "build.lock"):
        yield


def has_image(reference: str) -> bool:
    """Whether the storage holds an image of this name."""
    return reference in buildah("images", "--format", "{{.Name}}:{{.Tag}}").split()


def remove_leftovers() -> None:
    """Unmount and remove working containers of builds that were killed; the caller holds `exclusive()`."""
    for mount in reversed(_mounts()):
        run(["umount", mount])
    buildah("rm", "--all")


def release() -> None:
    """Undo what a killed build left mounted, so that the machine is as it was; layers and archives stay."""
    with exclusive():
        if _mounts():
            remove_leftovers()


def _mounts() -> list[str]:
    """Mount points below the storage, outer ones first."""
    below = f"{_home()}/"
    points = (line.split()[1] for line in Path("/proc/self/mounts").read_text().splitlines())
    return sorted(point for point in points if point.startswith(below))
