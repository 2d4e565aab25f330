"""The key and the host keys that stages reach a repository's server by over ssh, from the mounted Secret."""

from __future__ import annotations

from pathlib import Path

from boardhand_api.ssh import KEY, KNOWN_HOSTS, Identity, is_locked, plain
from boardhand_runner.errors import Configuration
from boardhand_runner.mounted import text_of


def read_identity(folder: Path) -> Identity:
    """The identity in a mounted Secret. Raises Configuration where a key of it is missing, or needs a passphrase, and
    as `text_of`."""
    values = [_value(folder / name) for name in (KEY, KNOWN_HOSTS)]
    for name, value in zip((KEY, KNOWN_HOSTS), values, strict=True):
        if not value:
            raise Configuration(
                "GitSecretIncomplete",
                f"The repository's Secret has no {name}: over ssh those of spec.repository need the keys `{KEY}`, a"
                f" private key without a passphrase, and `{KNOWN_HOSTS}`, the server's lines as `ssh-keyscan` prints"
                " them.",
            )
    if is_locked(values[0]):
        raise Configuration(
            "GitKeyUnusable",
            f"`{KEY}` in the repository's Secret has a passphrase; put one without there (ssh-keygen -p takes it off).",
        )
    return Identity(*values)


def _value(file: Path) -> str:
    return plain(text_of(file, "The repository's Secret"))
