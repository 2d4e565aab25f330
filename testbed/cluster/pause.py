"""The image every pod's sandbox runs, made of one static program."""

from __future__ import annotations

import shutil
from pathlib import Path

from testbed.artefact import build_once
from testbed.plan import cache_dir
from testbed.shell import run

REFERENCE = "localhost/boardhand/pause:1"
_SOURCE = Path(__file__).with_name("pause.c")


def ensure_pause() -> Path:
    """The oci-archive of REFERENCE, made if this machine does not have it. Needs root, gcc and buildah."""
    return build_once(cache_dir() / "images" / "pause-1", _build) / "pause.tar"


def _build(into: Path) -> None:
    run(["gcc", "-static", "-Os", "-Wall", "-Werror", "-o", into / "pause", _SOURCE])
    storage = into / "storage"
    # A storage of its own: the shared one may be busy with a long build.
    buildah: list[str | Path] = [
        "buildah",
        "--root",
        storage / "root",
        "--runroot",
        storage / "run",
        "--storage-driver",
        "vfs",
    ]
    container = run([*buildah, "from", "scratch"]).strip()
    run([*buildah, "copy", container, into / "pause", "/pause"])
    run([*buildah, "config", "--entrypoint", '["/pause"]', container])
    run([*buildah, "commit", "--quiet", container, f"oci-archive:{into / 'pause.tar'}:{REFERENCE}"])
    shutil.rmtree(storage)
