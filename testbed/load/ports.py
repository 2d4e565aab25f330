"""Ports of this machine that nobody listens on."""

from __future__ import annotations

import random
import socket

_RANGE = range(21000, 32000)
"""Below what the kernel gives to connections that go out: a client that tries again while its server is down could
else be given the server's own port, and hold it."""
_TRIES = 200


def free_ports(count: int) -> list[int]:
    """So many different ports of 127.0.0.1. Raises OSError where there are not so many."""
    found: list[int] = []
    for port in random.sample(_RANGE, _TRIES):
        if is_free(port):
            found.append(port)
        if len(found) == count:
            return found
    raise OSError(f"only {len(found)} of {count} free ports between {_RANGE.start} and {_RANGE.stop}")


def is_free(port: int) -> bool:
    """Whether a program may listen on this port of 127.0.0.1 now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True
