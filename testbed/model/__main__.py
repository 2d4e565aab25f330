"""`python -m testbed.model --host H --port P [--key K] [--scripts DIR]`"""

from __future__ import annotations

import argparse
from pathlib import Path

import uvicorn

from testbed.model.app import create_app
from testbed.model.scripts import SCRIPTS, load_scripts


def main() -> None:
    """Serve the scripted model until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m testbed.model", description="A scripted stand-in for a model.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--key", help="the only bearer token accepted (default: any)")
    parser.add_argument("--scripts", type=Path, default=SCRIPTS, help="folder of *.yaml scripts")
    given = parser.parse_args()
    uvicorn.run(create_app(load_scripts(given.scripts), given.key), host=given.host, port=given.port, access_log=False)


if __name__ == "__main__":
    main()
