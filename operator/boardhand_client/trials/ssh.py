"""Trying the key that stages clone and push with over ssh: git's program is begun at the server, as git itself begins.

https://git-scm.com/docs/pack-protocol ("SSH Transport"). A server answers who may with its list of refs, of which no
more is read than its beginning. The host's key must be among those of the Secret, as in a run.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

from boardhand_api import pool
from boardhand_api.counts import printable
from boardhand_api.ssh import KEY, KNOWN_HOSTS, Identity, is_locked, plain
from boardhand_client.trials.git import UNTRIED
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.trial import Trial, told, wrong_of
from boardhand_operator.errors import RemoteUnavailable
from boardhand_operator.plugins import require_keys

_PORT, _ACCOUNT = 22, "boardhand"
"""Of addresses that name none: the account is the stages' own, as which their ssh asks."""
_NAME = re.compile(r"[A-Za-z0-9._:][A-Za-z0-9._:-]{0,252}")
"""Of a host or an account: nothing that ssh would take for an option."""
_REFS = re.compile(rb"[0-9a-f]{4}")
_FIRST, _SAID, _QUOTED = 8, 4096, 200
"""So many bytes of the answer are read, and of what goes wrong; so many characters of that are shown."""
_UNKNOWN = "HostKeyUnknown"
_FAULTS = (
    (r"Host key verification failed", _UNKNOWN, "shows a host key that `{hosts}` does not hold"),
    (r"Load key .*: ", "KeyUnreadable", "was not asked: `{key}` is no private key that ssh can read"),
    (
        r"Permission denied \(|marked as read only|does not have write access|not authorized to write",
        "KeyRefused",
        "refuses the key to {does}: give the public key of `{key}` the access it lacks",
    ),
    (
        r"not found|not appear to be a git repository|does not exist",
        "RepositoryMissing",
        "has no such repository, or the key may not see it: correct spec.repository.url",
    ),
)


async def try_ssh(
    repository: pool.Repository, credentials: Mapping[str, str], *, push: bool, reach: Reach | None = None
) -> Trial:
    """See whether the repository can be cloned, or pushed to, with this key. Nothing is written. Never raises.

    credentials: `sshKey` and `knownHosts`. Where there is no ssh on this machine, the Trial says so (UNTRIED).
    """
    reach = reach or Reach()
    found = await told(
        f"The git server of {repository.url}", reach.seconds, lambda: _tried(repository, credentials, push, reach)
    )
    if found.reason == _UNKNOWN:
        server = urlsplit(repository.url)
        scan = f"ssh-keyscan -p {server.port or _PORT} {server.hostname}"
        return found.fixed_by(f"{scan}  # compare with what the server's owner publishes, and put it under knownHosts")
    return found


async def _tried(repository: pool.Repository, credentials: Mapping[str, str], push: bool, reach: Reach) -> Trial:
    field = f"spec.repository.{'push' if push else 'read'}SecretRef"
    reference = repository.push_secret_ref if push else repository.read_secret_ref
    require_keys(credentials, (KEY, KNOWN_HOSTS), reference.name if reference else f"({field})", field)
    identity = Identity(plain(credentials[KEY]), plain(credentials[KNOWN_HOSTS]))
    if is_locked(identity.key):
        said = f"`{KEY}` has a passphrase, which nobody gives in a run: `ssh-keygen -p` takes it off"
        return wrong_of("KeyUnreadable", said)
    server = _Server.of(repository.url)
    if server is None:
        return wrong_of("RepositoryMissing", f"{repository.url} is no address that ssh is asked for")
    try:
        address = await reach.address(server.host, server.port)
        done = await _asked(server, identity, address, push)
    except FileNotFoundError:
        return wrong_of(UNTRIED, "there is no ssh on this machine to try the key with: the first run's stages tell")
    except OSError as failed:
        raise RemoteUnavailable(f"The git server {server.host}", "let in", str(failed)) from failed
    return _meaning(repository.url, done, push, reach)


@dataclass(frozen=True)
class _Server:
    host: str
    port: int
    account: str
    path: str

    @classmethod
    def of(cls, url: str) -> _Server | None:
        """As git reads the address; None where a part of it is none that ssh would take as such."""
        parts = urlsplit(url)
        host, account, path = parts.hostname or "", parts.username or _ACCOUNT, unquote(parts.path)
        if not _NAME.fullmatch(host) or not _NAME.fullmatch(account) or not path.isprintable():
            return None
        return cls(host, parts.port or _PORT, account, path[1:] if path.startswith("/~") else path)

    @property
    def known_as(self) -> tuple[str, ...]:
        """The names by which ssh looks for its key among those that are known, one after the other."""
        return (self.host,) if self.port == _PORT else (f"[{self.host}]:{self.port}", self.host)

    def words(self, name: str, address: str, push: bool) -> list[str]:
        """For ssh: where to go, and what to begin there."""
        program = "git-receive-pack" if push else "git-upload-pack"
        quoted = self.path.replace("'", "'\\''").replace("!", "'\\!'")
        where = [f"-oHostName={address}", f"-oHostKeyAlias={name}", f"-p{self.port}", f"-l{self.account}"]
        return [*where, "--", self.host, f"{program} '{quoted}'"]


@dataclass(frozen=True)
class _Done:
    answered: bytes
    said: str


async def _asked(server: _Server, identity: Identity, address: str, push: bool) -> _Done:
    done = _Done(b"", "")
    with identity.command() as ssh:
        for name in server.known_as:
            done = await _run([*ssh, *server.words(name, address, push)])
            if _FAULTS[0][0] not in done.said:
                break
    return done


async def _run(words: list[str]) -> _Done:
    """The beginning of what the program says, and of what is wrong. Raises OSError."""
    pipe, none = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
    environment = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}
    process = await asyncio.create_subprocess_exec(*words, stdin=none, stdout=pipe, stderr=pipe, env=environment)
    assert process.stdout
    assert process.stderr
    try:
        answered = await _first(process.stdout, _FIRST)
        wrong = b"" if _good(answered) else await _first(process.stderr, _SAID)
    finally:
        with suppress(ProcessLookupError):
            process.kill()
        await process.wait()
    return _Done(answered, wrong.decode("utf-8", "replace"))


async def _first(stream: asyncio.StreamReader, most: int) -> bytes:
    found = b""
    while len(found) < most and (more := await stream.read(most - len(found))):
        found += more
        if found == b"0000":
            # An empty repository's list, after which some wait.
            break
    return found


def _good(answered: bytes) -> bool:
    """Whether it is a list of refs: lines begin with their length, and one with ERR is a refusal."""
    return bool(_REFS.match(answered)) and answered[4:] != b"ERR "


def _meaning(url: str, done: _Done, push: bool, reach: Reach) -> Trial:
    does = "push" if push else "clone"
    if _good(done.answered):
        return Trial(True, f"{url} lets the key {does}")
    for pattern, reason, sentence in _FAULTS:
        if re.search(pattern, done.said):
            return wrong_of(reason, f"{url} {sentence.format(does=does, key=KEY, hosts=KNOWN_HOSTS)}")
    said = " ".join(printable(reach.quoted(done.said)).split())[-_QUOTED:] or "no answer of git's"
    raise RemoteUnavailable(f"The git server of {url}", f"begin to {does}", said)
