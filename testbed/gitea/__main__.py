"""`python -m testbed.gitea --host H --port P [--token T] [--read-token T] [--repository OWNER/NAME ...]`"""

from __future__ import annotations

import argparse

import uvicorn

from testbed.gitea.app import create_app
from testbed.gitea.state import GiteaState, Token


def main() -> None:
    """Serve the stand-in until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m testbed.gitea", description="A stand-in for Gitea's API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", default="standin-token", help="token with write:repository and write:issue")
    parser.add_argument("--read-token", default="standin-read-token", help="token with read:repository alone")
    parser.add_argument("--repository", action="append", default=[], metavar="OWNER/NAME", help="one to begin with")
    given = parser.parse_args()
    tokens = {given.token: Token("boardhand", True), given.read_token: Token("boardhand", False)}
    state = GiteaState(tokens, site=f"http://{given.host}:{given.port}")

    def replant() -> None:
        for name in given.repository:
            state.add_repository(name)

    replant()
    uvicorn.run(create_app(state, replant), host=given.host, port=given.port, access_log=False)


if __name__ == "__main__":
    main()
