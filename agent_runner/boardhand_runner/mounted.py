"""What the kubelet mounts of a Secret, a file for each of its keys."""

from __future__ import annotations

from pathlib import Path

from boardhand_runner.errors import Configuration


def text_of(file: Path, secret: str) -> str:
    """The value, as it is; empty where there is none. secret: whose it is, such as "The repository's Secret".

    Raises Configuration (SecretUnreadable) for bytes that are no text.
    """
    try:
        return file.read_text("utf-8") if file.is_file() else ""
    except UnicodeDecodeError:
        # Without the error it comes from, which holds the value.
        said = f"{secret} holds under the key `{file.name}` what is no text: write it anew in UTF-8."
        raise Configuration("SecretUnreadable", said) from None
