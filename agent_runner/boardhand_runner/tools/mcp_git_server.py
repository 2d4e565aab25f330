"""mcp-server-git, started so that it answers in text alone.

GitPython keeps bytes that are no UTF-8, such as those of a file in Latin-1, as halves of surrogate pairs. Where the
server is to send one it breaks, without a word to whoever waits.
"""

from __future__ import annotations

from git import cmd, exc
from mcp_server_git import main


def decoded(said: bytes | str | None) -> str | None:
    """In place of GitPython's own `safe_decode`."""
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said


if __name__ == "__main__":
    for module in (cmd, exc):
        vars(module)["safe_decode"] = decoded
    main()
