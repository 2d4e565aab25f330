"""The dashboard on somebody's own machine, by their kubeconfig: `boardhand dashboard`."""

from __future__ import annotations

import secrets
from collections.abc import Callable

from boardhand_client.session import Session
from boardhand_dashboard.app import build
from boardhand_dashboard.serving import bound
from boardhand_dashboard.serving import serve as serve_on
from boardhand_dashboard.settings import Auth, Settings

HOST = "127.0.0.1"
_SECONDS = 12 * 3600.0


async def serve(
    kubeconfig: str | None, context: str | None, port: int, told: Callable[[str], None], database: str = ""
) -> None:
    """Serve on the loopback until a signal. port 0: any that is free.

    told: is given the address to open, once it can be. It holds a token that is good once, and nobody comes in without:
    whoever else is on this machine has not the kubeconfig. Raises SessionError where the cluster does not let
    the kubeconfig in, NotBuilt, and OSError where the port is taken.
    """

    async def opened() -> Session:
        return await Session.kubeconfig(kubeconfig, context)

    async with await opened() as session:
        await session.whoami()
        namespace = session.namespace
    with bound(HOST, port) as on:
        at = on.getsockname()[1]
        settings = Settings(
            auth=Auth.LAPTOP,
            namespaces=(namespace,),
            listen=(HOST, at),
            hosts=frozenset({f"{HOST}:{at}", f"localhost:{at}"}),
            database=database,
            idle_seconds=_SECONDS,
            absolute_seconds=_SECONDS,
        )
        app = build(settings)
        once = secrets.token_urlsafe(32)
        app.state.entrance.once = (once, opened)
        told(f"http://{HOST}:{at}/login?once={once}")
        await serve_on(app, settings, on)
