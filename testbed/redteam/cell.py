"""A toolchain's stage as its container has it: of the run's root it sees the mounts of the pod's own table, no more.

Mounts, processes and capabilities are taken away as in the pod; the image and its read-only root are not.
"""

from __future__ import annotations

import os
from pathlib import Path, PurePosixPath

from boardhand_api import pod
from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_operator.specs import volumes
from boardhand_operator.specs.volumes import Mount
from boardhand_runner.settings import Settings

SECRET = {"name": "secret"}
_TMP = PurePosixPath("/tmp")


def pool(**spec: object) -> CodingAgentSpec:
    """A pool as small as can be; `spec` replaces parts of it."""
    smallest: dict[str, object] = {
        "repository": {"url": "http://forge.test/shop/cart.git", "pushSecretRef": SECRET},
        "models": {"large": {"name": "large-model", "secretRef": SECRET}},
        "workbench": {"image": "toolchain:1"},
    }
    return CodingAgentSpec.model_validate(smallest | spec)


def inside(settings: Settings, stage: Stage, spec: CodingAgentSpec | None = None) -> list[str]:
    """What is put before a command, so that it runs as in this stage's container."""
    seen, message = settings.root / "cells" / stage, f"{stage}.termination"
    lines = ["set -e", "mount --make-rprivate /", f"mkdir -p {seen}", f"mount -t tmpfs none {seen}"]
    lines += [f"touch {settings.root}/{message} {seen}/{message}"]
    lines += [f"mount --bind {settings.root}/{message} {seen}/{message}"]
    mounts = [mount for mount in volumes.mounts(stage, spec or pool()) if mount.path != _TMP]
    for mount in sorted(mounts, key=lambda mount: len(mount.path.parts)):
        lines += _mounted(settings, mount, seen)
    # Last, so that the volumes' own places are no longer to be seen.
    lines += [f"mount --rbind {seen} {settings.root}", f"export HOME={settings.home}"]
    lines += ['exec setpriv --no-new-privs --bounding-set=-all --inh-caps=-all "$@"']
    rights = [] if os.geteuid() == 0 else ["--map-root-user"]
    return [
        *("unshare", *rights, "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"),
        *("sh", "-c", "\n".join(lines), "cell"),
    ]


def _mounted(settings: Settings, mount: Mount, seen: Path) -> list[str]:
    source, target = _source(settings, mount), seen / mount.path.relative_to(pod.ROOT)
    made = f"mkdir -p {source.parent} {target.parent}"
    if not source.is_file():
        made = f"mkdir -p {source} {target}"
    elif mount.path.parent != pod.WORK:
        made += f" && touch {target}"
    read_only = [f"mount -o remount,bind,ro {target}"] if mount.read_only else []
    return [made, f"mount --bind {source} {target}", *read_only]


def _source(settings: Settings, mount: Mount) -> Path:
    """The volume's folder, or the one file of it: where checkout and the runner's stages have it."""
    if mount.volume in (one.name for one in (pod.WORK, pod.GIT, pod.EXEC, pod.SERVE, pod.PROOF, pod.SECRETS)):
        volume = settings.at(pod.ROOT / mount.volume)
    else:
        volume = settings.root / "volumes" / mount.volume
    return volume / mount.sub_path if mount.sub_path else volume
