"""An ssh server that serves git repositories: git's own programs behind a key, in a thread of its own."""

from __future__ import annotations

import asyncio
import shlex
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import asyncssh

PROGRAMS = ("git-upload-pack", "git-receive-pack")


@dataclass
class SshServer:
    """Serves the folder `root` to who has `key`; `read_only` takes no push."""

    root: Path
    key: str
    """The private key that opens it, as OpenSSH writes it."""
    known_hosts: str
    """Its own lines for a known_hosts file."""
    port: int
    read_only: bool = False
    commands: list[str] = field(default_factory=list)
    methods: list[str] = field(default_factory=list)
    """How callers tried to prove who they are."""

    @property
    def address(self) -> str:
        return f"ssh://git@127.0.0.1:{self.port}"


class _Door(asyncssh.SSHServer):
    def __init__(self, server: SshServer) -> None:
        self._server = server
        self._public = asyncssh.import_private_key(server.key).convert_to_public()

    def begin_auth(self, username: str) -> bool:
        return True

    def public_key_auth_supported(self) -> bool:
        return True

    def validate_public_key(self, username: str, key: asyncssh.SSHKey) -> bool:
        self._server.methods.append("publickey")
        return username == "git" and key.public_data == self._public.public_data

    def password_auth_supported(self) -> bool:
        return True

    def validate_password(self, username: str, password: str) -> bool:
        self._server.methods.append("password")
        return False


def new_key() -> str:
    """A private key without a passphrase."""
    return asyncssh.generate_private_key("ssh-ed25519").export_private_key().decode()


def _public_line(key: str) -> str:
    return " ".join(asyncssh.import_private_key(key).export_public_key().decode().split()[:2])


@contextmanager
def serving(root: Path) -> Iterator[SshServer]:
    """A server of the repositories below `root`, with keys of its own."""
    host_key, ready = new_key(), Future[tuple[SshServer, Callable[[], object]]]()

    async def serve() -> None:
        server, stop, loop = SshServer(root, new_key(), "", 0), asyncio.Event(), asyncio.get_running_loop()
        async with asyncssh.create_server(
            lambda: _Door(server),
            "127.0.0.1",
            0,
            server_host_keys=[asyncssh.import_private_key(host_key)],
            process_factory=lambda process: _serve(server, process),
            encoding=None,
        ) as acceptor:
            server.port = acceptor.get_port()
            server.known_hosts = f"[127.0.0.1]:{server.port} {_public_line(host_key)}\n"
            ready.set_result((server, partial(loop.call_soon_threadsafe, stop.set)))
            await stop.wait()

    thread = threading.Thread(target=lambda: asyncio.run(serve()))
    thread.start()
    server, stop = ready.result(timeout=10)
    try:
        yield server
    finally:
        stop()
        thread.join()


async def _serve(server: SshServer, process: asyncssh.SSHServerProcess[bytes]) -> None:
    command = process.command or ""
    server.commands.append(command)
    program, _, path = command.partition(" ")
    repository = server.root / "".join(shlex.split(path)).lstrip("/")
    if program not in PROGRAMS or not repository.is_dir():
        process.stderr.write(b"ERROR: Repository not found.\n")
        process.exit(1)
        return
    if server.read_only and program == "git-receive-pack":
        process.stderr.write(b"ERROR: The key you are authenticating with has been marked as read only.\n")
        process.exit(1)
        return
    pipe = asyncio.subprocess.PIPE
    git = await asyncio.create_subprocess_exec(program, str(repository), stdin=pipe, stdout=pipe, stderr=pipe)
    assert git.stdin and git.stdout and git.stderr
    tasks = [
        asyncio.create_task(_pump(source, drain))
        for source, drain in ((git.stdout, process.stdout), (git.stderr, process.stderr), (process.stdin, git.stdin))
    ]
    await asyncio.gather(*tasks[:2])
    tasks[2].cancel()
    process.exit(await git.wait())


async def _pump(source: Any, drain: Any) -> None:
    while data := await source.read(65536):
        drain.write(data)
        await drain.drain()
    if isinstance(drain, asyncio.StreamWriter):
        drain.close()
