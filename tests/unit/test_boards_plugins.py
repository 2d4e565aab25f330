from __future__ import annotations

import pytest

from boardhand_api import pool
from boardhand_operator.boards import open_board
from boardhand_operator.boards.trello.board import TrelloBoard
from boardhand_operator.errors import Misconfigured
from boardhand_operator.forges import open_forge
from boardhand_operator.forges.address import owner_and_name
from boardhand_operator.forges.gitea.forge import GiteaForge
from boardhand_operator.forges.gitea.pulls import title_of


def board(kind: str = "trello") -> pool.Board:
    return pool.Board.model_validate({"type": kind, "board": "b", "secretRef": {"name": "shop-trello"}})


def forge(kind: str = "gitea", url: str = "https://git.test/") -> pool.Forge:
    return pool.Forge.model_validate({"type": kind, "url": url, "secretRef": {"name": "shop-gitea"}})


def repository(url: str = "https://git.test/team/app.git") -> pool.Repository:
    return pool.Repository.model_validate({"url": url, "pushSecretRef": {"name": "push"}})


async def test_implementations_are_found_by_their_entry_points() -> None:
    opened = open_board(board(), {"key": "k", "token": "t"})
    assert isinstance(opened, TrelloBoard)
    await opened.aclose()
    other = open_forge(forge(), repository(), {"token": "t"})
    assert isinstance(other, GiteaForge)
    await other.aclose()


def test_an_unknown_type_is_said_with_those_installed() -> None:
    with pytest.raises(Misconfigured, match=r"spec\.board\.type is 'paper'; installed are: .*trello"):
        open_board(board("paper"), {})
    with pytest.raises(Misconfigured, match=r"spec\.forge\.type is 'fossil'; installed are: .*gitea"):
        open_forge(forge("fossil"), repository(), {})


@pytest.mark.parametrize("credentials", [{}, {"key": "k"}, {"key": "k", "token": " \n"}])
def test_a_key_missing_in_the_secret_is_named(credentials: dict[str, str]) -> None:
    with pytest.raises(Misconfigured) as wrong:
        open_board(board(), credentials)
    assert wrong.value.reason == "SecretIncomplete"
    assert "Secret shop-trello" in wrong.value.message and "`token`" in wrong.value.message


@pytest.mark.parametrize(
    ("base", "clone"),
    [
        ("https://git.test", "https://git.test/team/app.git"),
        ("https://git.test/", "https://GIT.test:443/team/app"),
        ("http://git.test", "https://git.test/team/app.git/"),
        ("http://git.test:3000/git", "http://git.test:3000/git/team/app.git"),
        ("http://git.test:3000/git/", "http://git.test:3000/git/team/app.git"),
        ("http://git.test:3000/git", "ssh://git@git.test:2222/team/app.git"),
        ("https://git.test", "ssh://git@altssh.git.test:443/team/app.git"),
    ],
)
def test_the_repository_is_told_from_its_clone_address(base: str, clone: str) -> None:
    assert owner_and_name(base, clone) == ("team", "app")


@pytest.mark.parametrize(
    ("base", "clone"),
    [
        ("https://git.test", "https://other.test/team/app.git"),
        ("https://git.test:3000", "https://git.test/team/app.git"),
        ("https://git.test/git", "https://git.test/gitea/team/app.git"),
        ("https://git.test", "https://git.test/app.git"),
        ("https://git.test", "https://git.test/group/team/app.git"),
        ("https://git.test", "https://git.test//app.git"),
        ("https://git.test", "ssh://git@other.test/team/app.git"),
        ("https://git.test", "ssh://git@git.test/app.git"),
    ],
)
def test_a_repository_that_is_not_at_the_forge_is_said(base: str, clone: str) -> None:
    with pytest.raises(Misconfigured) as wrong:
        open_forge(forge(url=base), repository(clone), {"token": "t"})
    assert clone in wrong.value.message and base in wrong.value.message


@pytest.mark.parametrize("said", ["Fix it", "WIP: Fix it", "[wip] Draft: Fix it", " wip :Fix\nit"])
def test_a_title_is_a_draft_only_where_it_shall_be(said: str) -> None:
    assert title_of(said, draft=False) == "Fix it"
    assert title_of(said, draft=True) == "WIP: Fix it"


def test_a_title_fits() -> None:
    assert title_of("x" * 300, draft=True) == "WIP: " + "x" * 247 + "…"
    assert title_of("x" * 255, draft=False) == "x" * 255
    assert title_of("🚀" * 100, draft=False) == "🚀" * 63 + "…"
    assert title_of("WIP:", draft=False) == "Untitled"
    assert title_of("Wipe the cache: slowly", draft=False) == "Wipe the cache: slowly"
