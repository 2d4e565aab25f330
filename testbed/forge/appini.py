"""Gitea's configuration, as text."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

Sections = Mapping[str, Mapping[str, str]]


def render(top: Mapping[str, str], sections: Sections) -> str:
    """The file's text: `top` stands before the first section."""
    blocks = [_lines(top), *(f"[{name}]\n{_lines(values)}" for name, values in sections.items())]
    return "\n".join(blocks)


def _lines(values: Mapping[str, str]) -> str:
    return "".join(f"{key} = {value}\n" for key, value in values.items())


def app_ini(home: Path, static: Path, user: str, address: str, port: int, secrets: Mapping[str, str]) -> str:
    """What the testbed's Gitea is started with; its data lies below `home`.

    `secrets` holds SECRET_KEY and INTERNAL_TOKEN. Webhooks may go to loopback and private addresses: that is where
    a testbed's operator listens.
    """
    off = {"ENABLED": "false"}
    sections: dict[str, Mapping[str, str]] = {
        "server": {
            "HTTP_ADDR": address,
            "HTTP_PORT": str(port),
            "ROOT_URL": f"http://{address}:{port}/",
            "STATIC_ROOT_PATH": str(static),
            "APP_DATA_PATH": str(home / "data"),
            "DISABLE_SSH": "true",
            "OFFLINE_MODE": "true",
        },
        "database": {"DB_TYPE": "sqlite3", "PATH": str(home / "gitea.db"), "SQLITE_JOURNAL_MODE": "WAL"},
        "security": {"INSTALL_LOCK": "true", **secrets},
        "webhook": {"ALLOWED_HOST_LIST": "loopback,private"},
        # The default queue polls with pauses of up to two seconds: every test would wait for them.
        "queue": {"TYPE": "channel"},
        "service": {"DISABLE_REGISTRATION": "true"},
        "repository": {"ROOT": str(home / "repositories")},
        "git": {"HOME_PATH": str(home / "git-home")},
        "log": {"LEVEL": "Warn", "ROOT_PATH": str(home / "log")},
        "indexer": {"ISSUE_INDEXER_TYPE": "db"},
        **dict.fromkeys(("actions", "packages", "oauth2", "mailer", "cron"), off),
    }
    return render({"RUN_USER": user, "RUN_MODE": "prod", "WORK_PATH": str(home / "work")}, sections)
