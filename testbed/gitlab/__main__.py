"""`python -m testbed.gitlab --host H --port P [--token T] [--project GROUP/NAME ...]`"""

from __future__ import annotations

import argparse

import uvicorn

from testbed.gitlab.app import create_app
from testbed.gitlab.call import MAINTAINER
from testbed.gitlab.models import Token
from testbed.gitlab.state import GitLabState


def main() -> None:
    """Serve the stand-in until it is ended."""
    parser = argparse.ArgumentParser(prog="python -m testbed.gitlab", description="A stand-in for GitLab's API.")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--token", default="standin-token", help="token with the scope api, of a Maintainer")
    parser.add_argument("--project", action="append", default=[], metavar="GROUP/NAME", help="one to begin with")
    parser.add_argument("--label", action="append", default=[], help="a label of each project")
    given = parser.parse_args()
    state = GitLabState({given.token: Token("boardhand")}, site=f"http://{given.host}:{given.port}")

    def replant() -> None:
        for path in given.project:
            project = state.add_project(path, {"boardhand": MAINTAINER})
            for name in given.label:
                state.add_label(project, name)

    replant()
    uvicorn.run(create_app(state, replant), host=given.host, port=given.port, access_log=False)


if __name__ == "__main__":
    main()
