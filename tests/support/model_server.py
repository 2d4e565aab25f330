"""The scripted stand-in for a model, served from a thread on the loopback."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn

from testbed.model.app import create_app
from testbed.model.scripts import load_scripts


@contextmanager
def model_served() -> Iterator[str]:
    """The stand-in's address, without the API's version."""
    server = uvicorn.Server(uvicorn.Config(create_app(load_scripts()), port=0, log_level="error"))
    thread = threading.Thread(target=server.run)
    thread.start()
    deadline = time.monotonic() + 30
    while not server.started and time.monotonic() < deadline:
        time.sleep(0.01)
    yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    server.should_exit = True
    thread.join()
