"""What only the testbed does to the stand-in: repositories, pushes, and all of its memory at one look."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from testbed.gitea.shapes import is_draft
from testbed.gitea.state import GiteaState, Refused, Repository

_Name = Annotated[str, Field(pattern=r"^[\w.-]+/[\w.-]+$")]


class RepositoryWanted(BaseModel):
    """The body of POST /_testbed/repositories: one to make, or to change."""

    model_config = ConfigDict(extra="forbid")

    name: _Name
    branch: str = "main"
    empty: bool = False
    archived: bool = False
    pull_requests: bool = True


class Push(BaseModel):
    """The body of POST /_testbed/push: what a run's publish stage has pushed."""

    model_config = ConfigDict(extra="forbid")

    repository: _Name
    branch: Annotated[str, Field(min_length=1)]
    commit: Annotated[str, Field(pattern=r"^[0-9a-f]{40}$")]


def lever_routes(state: GiteaState) -> list[Route]:
    """The /_testbed/ routes that only this stand-in has."""

    async def repositories(request: Request) -> Response:
        try:
            wanted = RepositoryWanted.model_validate_json(await request.body())
        except ValidationError as wrong:
            return _wrong(wrong)
        found = state.add_repository(wanted.name, wanted.branch, empty=wanted.empty)
        found.archived, found.pull_requests = wanted.archived, wanted.pull_requests
        return JSONResponse({"cloneUrl": f"{state.site}/{found.full_name}.git"}, 201)

    async def push(request: Request) -> Response:
        try:
            wanted = Push.model_validate_json(await request.body())
            found = state.push(state.repository(wanted.repository), wanted.branch, wanted.commit)
        except (ValidationError, Refused) as wrong:
            return _wrong(wrong)
        return JSONResponse({"pushes": found.pushes})

    async def memory(_: Request) -> Response:
        return JSONResponse({found.full_name: _whole(found) for found in state.repositories.values()})

    return [
        Route("/_testbed/repositories", repositories, methods=["POST"]),
        Route("/_testbed/push", push, methods=["POST"]),
        Route("/_testbed/forge.json", memory, methods=["GET"]),
    ]


def _wrong(wrong: Exception) -> Response:
    return JSONResponse({"error": str(wrong)}, status_code=400)


def _whole(found: Repository) -> dict[str, Any]:
    """The repository's branches with their pushes, and its pull requests with what was said on them."""
    shown = ("number", "head", "base", "title", "body", "by", "state")
    pulls = [
        {name: getattr(pull, name) for name in shown}
        | {"draft": is_draft(pull), "comments": [{"by": said.by, "body": said.body} for said in pull.comments]}
        for pull in found.pulls.values()
    ]
    branches = {branch.name: {"commit": branch.commit, "pushes": branch.pushes} for branch in found.branches.values()}
    return {"branches": branches, "pulls": pulls}
