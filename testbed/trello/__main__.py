"""`python -m testbed.trello --host H --port P [--key K] [--token T] [--secret S] [--seed FILE.yaml]`"""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from testbed.trello.app import SECRET, create_app
from testbed.trello.seed import Seed, load_seed, plant
from testbed.trello.state import TrelloState


def main() -> None:
    """Serve the stand-in until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m testbed.trello", description="A stand-in for Trello's API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", default="standin-key", help="the API key callers must send")
    parser.add_argument("--token", default="standin-token", help="the token of the user 'boardhand'")
    parser.add_argument("--secret", default=SECRET, help="the application's secret, which signs webhooks")
    parser.add_argument("--seed", type=Path, help="YAML file with the boards to begin with")
    given = parser.parse_args()
    state = TrelloState(given.key, {given.token: "boardhand"}, site=f"http://{given.host}:{given.port}")
    seed = load_seed(given.seed) if given.seed else Seed(boards=[])

    def replant() -> None:
        plant(state, seed)

    replant()
    uvicorn.run(create_app(state, replant, given.secret), host=given.host, port=given.port, access_log=False)


if __name__ == "__main__":
    main()
