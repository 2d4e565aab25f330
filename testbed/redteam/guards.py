"""Guards as things that can be switched off, in this process and while a context lasts."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import replace
from typing import Any
from unittest.mock import patch

from boardhand_api.pod import Stage
from boardhand_operator.specs import volumes
from boardhand_operator.specs.volumes import Mount
from boardhand_runner import git, remote
from boardhand_runner.settings import Settings
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.raid import Raid
from testbed.redteam.raiding import outcome

Switch = Callable[[], AbstractContextManager[Any]]
"""Switches a guard off, or breaks another one that stands before it."""


def attack(
    name: str,
    wants: str,
    raid: Callable[[], Raid],
    guard: str = "",
    off: Switch | None = None,
    *,
    breach: tuple[Switch, ...] = (),
    **more: Any,
) -> Attack:
    """The raid as an attack. `breach` is broken both times: guards that stand before the one that is looked at."""

    def without() -> Outcome:
        assert off is not None
        return under(replace(raid(), tells=""), *breach, off)

    return Attack(name, wants, lambda: under(raid(), *breach), without if off else None, guard, **more)


def under(raid: Raid, *switches: Switch) -> Outcome:
    """The raid with these guards off."""
    with ExitStack() as stack:
        for switch in switches:
            stack.enter_context(switch())
        return outcome(raid)


def mounts(stage: Stage, change: Callable[[list[Mount]], list[Mount]]) -> AbstractContextManager[Any]:
    """Another row of the pod's table of mounts."""
    return patch.dict(volumes._SHARED, {stage: change(volumes._SHARED[stage])})


def git_writable() -> AbstractContextManager[Any]:
    """As if the workbench did not see the git directory read-only."""
    return mounts(
        Stage.WORKBENCH,
        lambda row: [replace(mount, read_only=mount.read_only and mount.volume != "git") for mount in row],
    )


def git_unset(*names: str) -> Switch:
    """As if git were not told these settings."""
    return lambda: patch.object(git, "_CONFIG", tuple(pair for pair in git._CONFIG if pair[0] not in names))


def git_told(**instead: str) -> Switch:
    """As if git's environment had these variables."""
    made = git.git_environment

    def changed(*arguments: Any) -> dict[str, str]:
        return made(*arguments) | instead

    return together(replaced(git, "git_environment", changed), replaced(remote, "git_environment", changed))


def run_configuration_for_all() -> AbstractContextManager[Any]:
    """As if every git read the configuration of the run's repository, publish's own too."""
    made = git.git_environment

    def changed(settings: Settings, *more: Any) -> dict[str, str]:
        return made(settings, *more) | {"GIT_CONFIG_GLOBAL": str(settings.git_dir / "config")}

    return together(replaced(git, "git_environment", changed), replaced(remote, "git_environment", changed))()


def replaced(target: Any, name: str, value: Any) -> Switch:
    """As if a named thing were another."""
    return lambda: patch.object(target, name, value, create=True)


def together(*switches: Switch) -> Switch:
    """All of them at once."""

    @contextmanager
    def off() -> Iterator[None]:
        with ExitStack() as stack:
            for switch in switches:
                stack.enter_context(switch())
            yield

    return off
