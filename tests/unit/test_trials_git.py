"""Trying the credentials that stages clone and push with."""

from __future__ import annotations

import httpx
import pytest

from boardhand_api.pool import Repository
from boardhand_client.trials import Reach, Trial
from boardhand_client.trials.git import try_git
from tests.support.git_server import git_server

READER, PUSHER = {"username": "bot", "token": "reads-only\n"}, {"username": "bot", "token": "pushes"}


async def tried(credentials: dict[str, str], *, push: bool, url: str = "http://git.test/shop/cart.git") -> Trial:
    repository = Repository.model_validate({"url": url, "pushSecretRef": {"name": "push"}})
    return await try_git(repository, credentials, push=push, reach=Reach(transport=httpx.MockTransport(git_server)))


async def test_who_may_is_told_so() -> None:
    assert (await tried(PUSHER, push=True)).said == "http://git.test/shop/cart.git lets the account push"
    assert (await tried(READER, push=False)).said == "http://git.test/shop/cart.git lets the account clone"
    anybody = await tried({}, push=False, url="http://git.test/public/cart.git/")
    assert (anybody.ok, anybody.said) == (True, "http://git.test/public/cart.git/ lets anybody clone")


@pytest.mark.parametrize(
    ("credentials", "url", "reason", "said"),
    [
        (READER, "http://git.test/shop/cart.git", "PermissionMissing", "must be let push to"),
        ({"username": "bot", "token": "another"}, "http://git.test/a.git", "CredentialsRefused", "refused the push"),
        ({"username": "bot"}, "http://git.test/a.git", "SecretIncomplete", "Secret push"),
        ({}, "http://git.test/public/cart.git", "CredentialsRefused", "refused the push"),
        (PUSHER, "http://git.test/no-git", "RepositoryMissing", "correct spec.repository.url"),
    ],
)
async def test_who_may_not_is_told_why(credentials: dict[str, str], url: str, reason: str, said: str) -> None:
    found = await tried(credentials, push=True, url=url)
    assert (found.ok, found.reason) == (False, reason), found
    assert said in found.said
    assert "another" not in found.said


async def test_what_is_no_git_is_said() -> None:
    repository = Repository.model_validate({"url": "http://page.test/", "pushSecretRef": {"name": "push"}})
    page = Reach(transport=httpx.MockTransport(lambda _: httpx.Response(200, text="<html>")))
    assert (await try_git(repository, PUSHER, push=True, reach=page)).reason == "NotAGitRepository"
