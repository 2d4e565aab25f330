"""Git towards a repository's server: address, credentials, and what its refusals mean.

Over http credentials reach git in its environment: they stand neither on a command line nor in a file. Over ssh the
key is a file while git runs, since ssh takes it no other way.
"""

from __future__ import annotations

import base64
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import chain, repeat
from pathlib import Path
from urllib.parse import SplitResult, urlsplit

from boardhand_api.ssh import Identity
from boardhand_runner.errors import Configuration, Infrastructure, RunnerError
from boardhand_runner.git import Completed, execute, git_environment, tail_of
from boardhand_runner.mounted import text_of
from boardhand_runner.settings import Settings
from boardhand_runner.ssh import read_identity

REMOTE_SECONDS = 900
FIRST_SECONDS = 10.0
"""So long a pod's first connection is tried again: network plugins and policies may learn of a pod after it began."""
_PAUSES = (0.25, 0.5, 1.0, 2.0)
"""Seconds between tries; the last one from then on."""
_UNREACHED = re.compile(
    r"Failed to connect to|Couldn't connect to server|Could not resolve (?:host|proxy)|Connection refused"
    r"|No route to host|Network is unreachable|Temporary failure in name resolution"
)
"""What git, curl and ssh say where nobody was reached; whoever answered is not asked again."""


@dataclass(frozen=True)
class Credentials:
    """What a repository's server asks for."""

    username: str
    token: str = field(repr=False)

    def header(self) -> str:
        """The HTTP header of basic authentication."""
        pair = f"{self.username}:{self.token}".encode()
        return "Authorization: Basic " + base64.b64encode(pair).decode()


def read_credentials(folder: Path) -> Credentials | None:
    """The credentials in a mounted Secret; None where none is mounted. Raises Configuration for half of one, and as
    `text_of`."""
    if not folder.is_dir():
        return None
    values = {}
    for key in ("username", "token"):
        value = text_of(folder / key, "The repository's Secret").strip()
        if not value:
            raise Configuration(
                "GitSecretIncomplete",
                f"The repository's Secret has no {key}: it needs the keys `username` and `token`.",
            )
        values[key] = value
    return Credentials(**values)


class Remote:
    """Git towards the repository's server: its address, its credentials, and what its refusals mean."""

    def __init__(self, settings: Settings, address: str, git_dir: Path | None = None) -> None:
        """`git_dir` takes the place of the run's repository.

        Raises Configuration for an address that is no http(s), ssh or local folder, or holds credentials.
        """
        self._git_dir = git_dir or settings.git_dir
        self.address, self.protocols = _checked(address)
        self._settings = settings
        self._credentials = read_credentials(settings.git_secret) if self.protocols == "http:https" else None
        self._identity: Identity | None = read_identity(settings.git_secret) if self.protocols == "ssh" else None

    @contextmanager
    def environment(self) -> Iterator[dict[str, str]]:
        """The environment of a git process that talks to this server, credentials included, while this lasts."""
        if self._identity:
            with self._identity.environment() as added:
                yield git_environment(self._settings) | {"GIT_ALLOW_PROTOCOL": self.protocols} | added
        else:
            yield self._web_environment()

    def _web_environment(self) -> dict[str, str]:
        config = []
        if self._credentials:
            # Only for this server: a redirect to another must not take the credentials along.
            server = urlsplit(self.address)
            config.append((f"http.{server.scheme}://{server.netloc}/.extraHeader", self._credentials.header()))
        environment = git_environment(self._settings, config) | {"GIT_ALLOW_PROTOCOL": self.protocols}
        if self._settings.certificates.is_file():
            environment["GIT_SSL_CAINFO"] = str(self._settings.certificates)
        return environment

    def attempt(self, *arguments: str, in_repository: bool = True) -> Completed:
        """Run git with access to the server, whatever comes of it. Raises Infrastructure where it takes too long."""
        where = {"GIT_DIR": str(self._git_dir)} if in_repository else {}
        cwd = self._git_dir if in_repository else None
        with self.environment() as environment:
            return execute(arguments, environment | where, REMOTE_SECONDS, cwd=cwd)

    def run_first(self, *arguments: str, in_repository: bool = True) -> Completed:
        """As `run`, for a pod's first connection: where nobody is reached it is tried again for FIRST_SECONDS."""
        end, pauses = time.monotonic() + FIRST_SECONDS, chain(_PAUSES, repeat(_PAUSES[-1]))
        while True:
            done, pause = self.attempt(*arguments, in_repository=in_repository), next(pauses)
            if not done.code or not _UNREACHED.search(done.stderr) or time.monotonic() + pause > end:
                return self._good(done)
            time.sleep(pause)

    def run(self, *arguments: str, in_repository: bool = True) -> Completed:
        """Run git with access to the server. Raises what `fault` makes of an end with another code than 0."""
        return self._good(self.attempt(*arguments, in_repository=in_repository))

    def _good(self, done: Completed) -> Completed:
        if done.code:
            raise self.fault(done.stdout.decode("utf-8", "replace") + done.stderr)
        return done

    def fault(self, said: str) -> RunnerError:
        """The failure class behind what git said."""
        for pattern, reason, fix in _FAULTS:
            if re.search(pattern, said):
                return Configuration(reason, f"{self.address}: {fix} git said: {self.tail(said)}")
        return Infrastructure("GitRemoteFailed", f"{self.address} could not be reached: {self.tail(said)}")

    def tail(self, said: str) -> str:
        """The end of what git said, on one line, without the secrets."""
        if self._credentials:
            said = said.replace(self._credentials.token, "***")
        return tail_of(said)


_FAULTS = (
    (
        r"Host key verification failed",
        "GitHostKeyUnknown",
        "the server shows a host key that `knownHosts` in the repository's Secret does not hold; compare it with the"
        " one that the server's owner publishes, and put its line there.",
    ),
    (
        r"Load key .*: (?!Permission denied)",
        "GitKeyUnusable",
        "`sshKey` in the repository's Secret is no private key that ssh can read; put the whole file there.",
    ),
    (
        r"Permission denied \(|marked as read only|does not have write access|not authorized to write",
        "GitAuthenticationFailed",
        "the server refuses the key; give the public key of `sshKey` in the repository's Secret the access it lacks.",
    ),
    (
        r"could not read (Username|Password)|Authentication failed|Access denied|returned error: 40[13]",
        "GitAuthenticationFailed",
        "the server refuses the credentials; put a valid username and token into the repository's Secret.",
    ),
    (
        r"Remote branch .* not found|couldn't find remote ref",
        "GitBranchNotFound",
        "there is no such branch; set spec.repository.branch to one that exists.",
    ),
    (
        r"[Rr]epository .*not found|returned error: 404|not appear to be a git repository|does not exist",
        "GitRepositoryNotFound",
        "there is no such repository, or the credentials may not read it; mend spec.repository.url.",
    ),
    (
        r"not valid: is this a git repository|transport '.*' not allowed",
        "GitAddressWrong",
        "this is no git repository over http, https or ssh; mend spec.repository.url.",
    ),
    (
        r"fsck error|error in object",
        "GitObjectsUnsound",
        "the repository holds what git's own check refuses, such as a path or a submodule address that attacks whoever"
        " clones it (`git fsck` there names all of it); it is not worked on.",
    ),
    (
        r"[Cc]ertificate",
        "GitCertificateUnknown",
        "the server's certificate is not trusted; name its authority under spec.certificates.",
    ),
)


def _checked(address: str) -> tuple[str, str]:
    """The address as git is given it, and the protocols that are allowed with it."""
    if address.startswith("/"):
        # As a file:// address a local folder honours --depth.
        return f"file://{address}", "file"
    parts = urlsplit(address)
    if parts.scheme == "file":
        return address, "file"
    if parts.scheme not in ("http", "https", "ssh") or not parts.hostname or parts.hostname.startswith("-"):
        raise Configuration(
            "GitAddressWrong",
            "The repository's address must begin with https://, http:// or ssh:// (git@host:path is"
            " ssh://git@host/path); mend spec.repository.url.",
        )
    if _holds_credentials(parts):
        raise Configuration(
            "GitAddressHoldsCredentials",
            "The repository's address holds credentials; put them into a Secret and name it in spec.repository.",
        )
    return address, "ssh" if parts.scheme == "ssh" else "http:https"


def _holds_credentials(parts: SplitResult) -> bool:
    """Over ssh the user is a part of the address, such as git, and no secret."""
    return bool(parts.password or (parts.username and parts.scheme != "ssh"))
