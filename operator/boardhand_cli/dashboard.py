"""`boardhand dashboard`: the dashboard on this machine, with the kubeconfig's rights."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from boardhand_cli import session
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.session import Context, Kubeconfig
from boardhand_cli.visiting import HistoryUrl, problems


def dashboard(
    port: Annotated[int, typer.Option(min=0, max=65535, help="On 127.0.0.1; 0: any that is free.")] = 0,
    history: HistoryUrl = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
) -> None:
    """Serve the dashboard on 127.0.0.1 until Ctrl-C, and print its address.

    The address holds a token that is good once; nothing is opened by itself.
    """
    # What it needs takes half a second to load, which no other command is to wait for.
    from boardhand_dashboard.app import NotBuilt
    from boardhand_dashboard.laptop import serve
    from boardhand_history.errors import HistoryError

    def told(address: str) -> None:
        session.console().print("open this address, once; Ctrl-C ends the dashboard", markup=False)
        sys.stdout.write(address + "\n")
        sys.stdout.flush()

    try:
        with problems():
            session.run(serve(kubeconfig, context, port, told, history or ""))
    except (NotBuilt, HistoryError) as wrong:
        raise Problem(Exit.INPUT, str(wrong)) from None
    except OSError as taken:
        raise Problem(Exit.INPUT, f"port {port} cannot be used: {taken.strerror or taken}; see --port") from None
