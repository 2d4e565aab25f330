"""Gitea's program, configuration and accounts in a testbed's own folder."""

from __future__ import annotations

import json
import os
import re
import secrets
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import cast

from testbed.forge.appini import app_ini
from testbed.forge.build import GiteaFiles, files_in
from testbed.forge.info import ADMIN, BOT, ForgeInfo
from testbed.shell import TestbedError, run

# The least each use needs; a push needs the repository scope for writing, nothing else.
BOT_SCOPES = {
    "api": "read:user,write:repository,write:issue",
    "read": "read:repository",
    "push": "write:repository",
}
_SECRETS = ("SECRET_KEY", "INTERNAL_TOKEN")
_TOKEN = re.compile(r"^[0-9a-f]{40}$", re.MULTILINE)


class Installation:
    """One testbed's Gitea on disk, below `home`.

    Gitea refuses to run as root: there its programs run as nobody, who owns `home`.
    """

    def __init__(self, home: Path) -> None:
        self.home = home
        self.files: GiteaFiles = files_in(home / "program")
        self.config = home / "app.ini"
        self._secrets = home / "secrets.json"
        self._root = os.geteuid() == 0

    @property
    def environment(self) -> dict[str, str]:
        """A clean one: nothing of the caller's settings reaches Gitea or the git it runs."""
        return {"PATH": os.defpath, "HOME": str(self.home / "git-home"), "LANG": "C.UTF-8"}

    def command(self, *words: str) -> list[str]:
        """A Gitea command line that runs with the rights it should have."""
        drop = ("setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups") if self._root else ()
        return [*drop, str(self.files.binary), *words, "--config", str(self.config)]

    def create(self, source: GiteaFiles, address: str, port: int) -> ForgeInfo:
        """Lay everything down anew, what was there before is removed, and make the accounts."""
        shutil.rmtree(self.home, ignore_errors=not self.home.exists())
        self.home.mkdir(parents=True)
        self.home.chmod(0o700)
        for folder in (self.files.binary.parent, self.home / "git-home", self.home / "work"):
            folder.mkdir(parents=True)
        shutil.copy(source.binary, self.files.binary)
        shutil.copytree(source.static, self.files.static)
        made = {key: self._gitea("generate", "secret", key, config=False).strip() for key in _SECRETS}
        self._secrets.write_text(json.dumps(made))
        self._secrets.chmod(0o600)
        self.configure(address, port)
        self._gitea("migrate")
        return self._accounts(f"http://{address}:{port}")

    def configure(self, address: str, port: int) -> None:
        """Write app.ini for this address; secrets and data stay."""
        made = cast(Mapping[str, str], json.loads(self._secrets.read_text()))
        user = "nobody" if self._root else os.environ.get("USER", str(os.geteuid()))
        self.config.write_text(app_ini(self.home, self.files.static, user, address, port, made))
        self.config.chmod(0o600)
        if self._root:
            run(["chown", "--recursive", "nobody:nogroup", self.home])

    def _gitea(self, *words: str, config: bool = True) -> str:
        command = self.command(*words) if config else [str(self.files.binary), *words]
        return run(command, env=self.environment, cwd=Path("/"))

    def _accounts(self, base_url: str) -> ForgeInfo:
        password = secrets.token_urlsafe(18)
        self._user(ADMIN, "--admin", "--password", password)
        self._user(BOT, "--random-password")
        tokens = {name: self._token(BOT, name, scopes) for name, scopes in BOT_SCOPES.items()}
        return ForgeInfo(
            base_url=base_url,
            admin_password=password,
            admin_token=self._token(ADMIN, "testbed", "all"),
            api_token=tokens["api"],
            read_token=tokens["read"],
            push_token=tokens["push"],
        )

    def _user(self, name: str, *options: str) -> None:
        address = f"{name}@boardhand.invalid"
        flags = ("--username", name, "--email", address, "--must-change-password=false", *options)
        self._gitea("admin", "user", "create", *flags)

    def _token(self, user: str, name: str, scopes: str) -> str:
        flags = ("--raw", "--username", user, "--token-name", name, "--scopes", scopes)
        printed = self._gitea("admin", "user", "generate-access-token", *flags)
        found = _TOKEN.search(printed)
        if found is None:
            raise TestbedError(f"Gitea printed no token for {user}, but: {printed.strip()!r}")
        return found.group()
