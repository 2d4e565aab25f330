"""What a git configuration can make git run: planted from the workbench, to be run where the secrets are."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from unittest.mock import patch

from boardhand_api.pod import Stage
from boardhand_operator.specs import volumes
from boardhand_runner import git
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.raid import THIEF, WORK, Raid, outcome, run, stolen

HOOKS = ("pre-commit", "post-commit", "post-index-change", "reference-transaction", "pre-push", "commit-msg")
PLANT_HOOKS = "h=$(git rev-parse --git-path hooks); mkdir -p $h; " + "; ".join(
    f"cp {THIEF} $h/{name}" for name in HOOKS
)
MOUNT = "the git directory is mounted read-only in the workbench"
READ_ONLY = "Read-only file system"


@contextmanager
def git_writable() -> Iterator[None]:
    """As if the pod's table did not say that the workbench sees the git directory read-only."""
    mounts = [
        replace(mount, read_only=mount.read_only and mount.volume != "git")
        for mount in volumes._SHARED[Stage.WORKBENCH]
    ]
    with patch.dict(volumes._SHARED, {Stage.WORKBENCH: mounts}):
        yield


@contextmanager
def without(*names: str) -> Iterator[None]:
    """As if git were not told these settings."""
    with patch.object(git, "_CONFIG", tuple(pair for pair in git._CONFIG if pair[0] not in names)):
        yield


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [*_hooks(), *_planted()]


def _hooks() -> list[Attack]:
    raid = Raid([run(PLANT_HOOKS), WORK], stolen, READ_ONLY)
    breached = replace(raid, tells="")
    return [
        Attack("hook-in-the-git-folder", "a hook that runs beside the secrets", partial(outcome, raid), short=True),
        Attack(
            "hook-where-the-git-folder-is-open",
            "the same, once the git directory could be written",
            partial(_breached, breached),
            partial(_breached, breached, "core.hooksPath"),
            "core.hooksPath is /dev/null",
        ),
        Attack(
            "fsmonitor-where-the-git-folder-is-open",
            "core.fsmonitor that runs beside the secrets, once the git directory could be written",
            partial(_breached, replace(breached, does=[run(f"git config core.fsmonitor {THIEF}"), WORK])),
            partial(
                _breached, replace(breached, does=[run(f"git config core.fsmonitor {THIEF}"), WORK]), "core.fsmonitor"
            ),
            "core.fsmonitor is false",
        ),
    ]


def _breached(raid: Raid, *off: str) -> Outcome:
    with git_writable(), without(*off):
        return outcome(raid)


def _planted() -> list[Attack]:
    filters = f"git config filter.evil.clean {THIEF} && git config filter.evil.smudge {THIEF}"
    mark = "echo '* filter=evil' >.gitattributes"
    raid = Raid([run(f"{mark}; {filters}"), WORK], stolen, READ_ONLY)
    return [
        Attack(
            "filter-in-the-config",
            "a clean filter that git add runs beside the secrets",
            partial(outcome, raid),
            partial(_breached, replace(raid, tells="")),
            MOUNT,
            short=True,
        )
    ]
