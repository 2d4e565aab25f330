"""Git over ssh: one key and the host keys that the Secret holds, and nothing else of the machine's ssh. For the stages,
and for whoever tries what they would do."""

from __future__ import annotations

import base64
import os
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

KEY, KNOWN_HOSTS = "sshKey", "knownHosts"
"""The keys of the Secret."""
_OPEN = base64.b64encode(b"openssh-key-v1\0\0\0\0\4none\0\0\0\4").decode()
"""The body of a key in OpenSSH's format begins so where it has no passphrase."""
_OPTIONS = (
    "BatchMode=yes",
    "StrictHostKeyChecking=yes",
    "GlobalKnownHostsFile=/dev/null",
    "UpdateHostKeys=no",
    "CheckHostIP=no",
    "VerifyHostKeyDNS=no",
    "CanonicalizeHostname=no",
    "IdentitiesOnly=yes",
    "IdentityAgent=none",
    "CertificateFile=none",
    "PreferredAuthentications=publickey",
    "PubkeyAuthentication=yes",
    "ForwardAgent=no",
    "ForwardX11=no",
    "ClearAllForwardings=yes",
    "PermitLocalCommand=no",
    "ProxyCommand=none",
    "ControlMaster=no",
    "ControlPath=none",
    "AddKeysToAgent=no",
    "LogLevel=ERROR",
    "ConnectTimeout=30",
    "ServerAliveInterval=20",
    "ServerAliveCountMax=3",
)


@dataclass(frozen=True)
class Identity:
    """What a repository's server asks for over ssh, and what it shows for itself."""

    key: str = field(repr=False)
    """A private key without a passphrase, as OpenSSH reads it."""
    known_hosts: str
    """Lines as in a known_hosts file."""

    @contextmanager
    def command(self) -> Iterator[list[str]]:
        """ssh and its options, without whom to reach, while this lasts.

        The key is a file of ours, readable by its owner alone: ssh refuses the mounted one where it may be read by
        others, and any that lacks its last line break.
        """
        with tempfile.TemporaryDirectory(prefix="boardhand-ssh-") as name:
            folder = Path(name)
            key = _written(folder / "key", self.key)
            hosts = _written(folder / "known_hosts", self.known_hosts)
            options = [*_OPTIONS, f"UserKnownHostsFile={hosts}"]
            # No configuration of the machine: it could name other hosts, other keys and programs to run.
            yield ["ssh", "-F", os.devnull, "-T", "-i", str(key), *(f"-o{option}" for option in options)]

    @contextmanager
    def environment(self) -> Iterator[dict[str, str]]:
        """What git needs in its environment to reach the server, while this lasts."""
        with self.command() as words:
            yield {"GIT_SSH_COMMAND": shlex.join(words), "GIT_SSH_VARIANT": "ssh"}


def plain(text: str) -> str:
    """A value of the Secret without the line ends of another system."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines())


def is_locked(key: str) -> bool:
    """Whether the key, not empty, has a passphrase: ssh itself would only say that the server refuses it."""
    lines = key.splitlines()
    if "OPENSSH" in lines[0]:
        return not "".join(lines[1:]).startswith(_OPEN)
    return any("ENCRYPTED" in line for line in lines[:2])


def _written(file: Path, text: str) -> Path:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o400), "w", encoding="utf-8") as stream:
        stream.write(text + "\n")
    return file
