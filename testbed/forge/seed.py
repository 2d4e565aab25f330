"""The organisation and repositories the tests work on, made through Gitea's own API."""

from __future__ import annotations

import base64
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx

from testbed.forge.info import ForgeInfo
from testbed.shell import TestbedError

REPOSITORIES = Path(__file__).parent.parent / "repositories"
_BUILT = {"__pycache__", ".pytest_cache", "target"}


@dataclass(frozen=True)
class RepositoryInfo:
    """Where a repository is cloned from and looked at. `clone_url` carries no credentials."""

    name: str
    clone_url: str
    html_url: str
    default_branch: str


def folder_files(name: str) -> dict[str, bytes]:
    """The content of testbed/repositories/<name>, by path; what a build leaves there is not in it.

    Raises TestbedError if there is no such folder.
    """
    folder = REPOSITORIES / name
    if not folder.is_dir():
        there = ", ".join(sorted(path.name for path in REPOSITORIES.iterdir()))
        raise TestbedError(f"testbed/repositories has no {name!r}; there are: {there}")
    found = (path for path in sorted(folder.rglob("*")) if path.is_file() and not _BUILT & set(path.parts))
    return {str(path.relative_to(folder)): path.read_bytes() for path in found}


def create_repository(info: ForgeInfo, name: str, files: Mapping[str, str | bytes]) -> RepositoryInfo:
    """A repository of the organisation with one commit of `files` on main, which the bot may write to.

    One that exists is returned as it is. Raises TestbedError with Gitea's words when it refuses.
    """
    with _api(info) as api:
        _ensure_organisation(api, info)
        there = api.get(f"/repos/{info.organisation}/{name}")
        if there.status_code == 200 and not there.json()["empty"]:
            return _repository(there)
        if there.status_code == 404:
            settings = {"name": name, "default_branch": "main"}
            _checked(api.post(f"/orgs/{info.organisation}/repos", json=settings))
        path = f"/repos/{info.organisation}/{name}"
        _checked(api.put(f"{path}/collaborators/{info.bot_user}", json={"permission": "write"}))
        # Last, so that a repository with content is a complete one.
        _checked(api.post(f"{path}/contents", json=_first_commit(info, files)))
        return _repository(_checked(api.get(path)))


def reset_repository(info: ForgeInfo, name: str, files: Mapping[str, str | bytes]) -> RepositoryInfo:
    """Remove the repository with its branches and pull requests, and create it anew."""
    with _api(info) as api:
        gone = api.delete(f"/repos/{info.organisation}/{name}")
        if gone.status_code != 404:
            _checked(gone)
    return create_repository(info, name, files)


def seed(info: ForgeInfo) -> list[RepositoryInfo]:
    """Create every repository of testbed/repositories that is not there yet."""
    names = sorted(path.name for path in REPOSITORIES.iterdir() if path.is_dir())
    return [create_repository(info, name, folder_files(name)) for name in names]


@contextmanager
def _api(info: ForgeInfo) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"token {info.admin_token}"}
    with httpx.Client(base_url=f"{info.base_url}/api/v1", headers=headers, timeout=30, trust_env=False) as api:
        yield api


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.is_error:
        request = answer.request
        raise TestbedError(f"forge: {request.method} {request.url.path}: {answer.status_code} {answer.text[:300]}")
    return answer


def _ensure_organisation(api: httpx.Client, info: ForgeInfo) -> None:
    if api.get(f"/orgs/{info.organisation}").status_code == 404:
        _checked(api.post("/orgs", json={"username": info.organisation, "visibility": "public"}))


def _first_commit(info: ForgeInfo, files: Mapping[str, str | bytes]) -> dict[str, object]:
    """The body that puts all files into one commit. https://docs.gitea.com/api (repoChangeFiles)"""
    contents = {path: text.encode() if isinstance(text, str) else text for path, text in files.items()}
    return {
        "branch": "main",
        "message": "Start",
        "author": {"name": info.admin_user, "email": f"{info.admin_user}@boardhand.invalid"},
        "files": [
            {"operation": "create", "path": path, "content": base64.b64encode(content).decode()}
            for path, content in contents.items()
        ],
    }


def _repository(answer: httpx.Response) -> RepositoryInfo:
    body = answer.json()
    return RepositoryInfo(body["name"], body["clone_url"], body["html_url"], body["default_branch"])
