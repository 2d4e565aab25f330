"""Trying boards, forges and models: what is offered, what is said, and that nothing leaks or hangs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from boardhand_api import pool
from boardhand_api.model import PlainModel
from boardhand_client.trials import Reach, Trial, try_board, try_forge, try_model
from boardhand_client.trials.boards import columns_of
from testbed.model.app import MODELS, create_app
from testbed.model.scripts import load_scripts
from tests.contract import gitea_board
from tests.contract.board_behaviour import DOING, READY, REVIEW
from tests.contract.gitea_board import GiteaBench
from tests.contract.gitea_forge import NAME, SITE, GiteaForgeBench
from tests.contract.trello_board import COLUMNS, KEY, TOKEN, Desk

KEYS = {"key": KEY, "token": TOKEN}


def trello(desk: Desk, **spec: Any) -> pool.Board:
    about = {"type": "trello", "board": desk.board["id"], "url": "http://trello.test/1", "secretRef": {"name": "s"}}
    return pool.Board.model_validate(about | spec)


async def test_a_good_board_offers_its_columns() -> None:
    desk = Desk()
    found = await try_board(trello(desk), KEYS, Reach(transport=desk.wire))
    assert (found.ok, found.offers) == (True, COLUMNS)


async def test_a_column_that_is_missing_is_said_with_the_nearest_there_is() -> None:
    desk = Desk()
    wanted = trello(desk, columns={"ready": "Sprint backlog", "review": "Reviewing"})
    found = await try_board(wanted, KEYS, Reach(transport=desk.wire))
    assert (found.ok, found.reason, found.offers) == (False, "ColumnMissing", COLUMNS)
    assert found.fix == "spec.board.columns: {ready: 'Sprint Backlog', review: 'In Review'}"


async def test_columns_are_offered_before_any_is_chosen() -> None:
    desk = Desk()
    found = await columns_of(trello(desk, columns={"ready": "no such"}), KEYS, Reach(transport=desk.wire))
    assert (found.ok, found.offers) == (True, COLUMNS)


async def test_labels_as_columns_are_offered_too() -> None:
    bench = GiteaBench()
    about = {"type": "gitea", "board": gitea_board.NAME, "url": SITE, "secretRef": {"name": "s"}}
    found = await columns_of(
        pool.Board.model_validate(about), {"token": "a-token-of-the-bot"}, Reach(transport=bench.wire)
    )
    assert found.ok
    assert {READY, DOING, REVIEW} <= set(found.offers)


@pytest.mark.parametrize(
    ("spec", "credentials", "reason", "said"),
    [
        ({}, KEYS | {"token": "x" * 64}, "CredentialsRefused", "refused the key and token in Secret s"),
        ({"board": "5" * 24}, KEYS, "BoardMissing", "correct spec.board.board"),
        ({}, {"key": KEY}, "SecretIncomplete", "has nothing under `token`"),
        ({"type": "slate"}, KEYS, "UnknownType", "installed are: azure"),
    ],
)
async def test_what_is_wrong_with_a_board_is_a_sentence(
    spec: dict[str, Any], credentials: dict[str, str], reason: str, said: str
) -> None:
    desk = Desk()
    found = await try_board(trello(desk, **spec), credentials, Reach(transport=desk.wire))
    assert (found.ok, found.reason) == (False, reason)
    assert said in found.said
    assert found.fix
    assert "x" * 64 not in f"{found}"


@pytest.mark.parametrize("body", [b'{"id": 5}', b"[]", b"5", b'"x"'])
async def test_an_answer_of_another_shape_is_a_sentence(body: bytes) -> None:
    answering = httpx.MockTransport(lambda _: httpx.Response(200, content=body))
    found = await try_board(trello(Desk()), KEYS, Reach(transport=answering))
    assert not found.ok
    assert "form not its own" in found.said or "no board" in found.said


async def test_who_never_answers_is_given_up() -> None:
    async def never(_: httpx.Request) -> httpx.Response:
        await asyncio.sleep(60)
        return httpx.Response(200)

    found = await try_board(trello(Desk()), KEYS, Reach(transport=httpx.MockTransport(never), seconds=0.05))
    assert (found.ok, found.unreached) == (False, True)
    assert "within 0.05 seconds" in found.said


def forge(**spec: Any) -> tuple[pool.Forge, pool.Repository]:
    about = {"type": "gitea", "url": SITE, "secretRef": {"name": "s"}}
    names = {"url": f"{SITE}/{NAME}.git", "pushSecretRef": {"name": "push"}, "branch": spec.pop("branch", "main")}
    names["url"] = spec.pop("at", names["url"])
    return pool.Forge.model_validate(about | spec), pool.Repository.model_validate(names)


@pytest.mark.parametrize(
    ("spec", "token", "reason", "fix"),
    [
        ({}, "a-token-of-the-bot", "", ""),
        ({"branch": "trunk"}, "a-token-of-the-bot", "BranchMissing", "spec.repository.branch: main"),
        ({"labels": ["robot"]}, "a-token-of-the-bot", "LabelMissing", "spec.forge.labels: [bot]"),
        ({"at": f"{SITE}/team/no.git"}, "a-token-of-the-bot", "RepositoryMissing", "correct spec.repository.url"),
        ({}, "another", "CredentialsRefused", "make a new one"),
    ],
)
async def test_a_forge_is_tried(spec: dict[str, Any], token: str, reason: str, fix: str) -> None:
    found = await try_forge(*forge(**spec), {"token": token}, Reach(transport=GiteaForgeBench().wire))
    assert (found.ok, found.reason) == (not reason, reason)
    assert fix in found.fix


def model(name: str = MODELS[0], **more: Any) -> PlainModel:
    return PlainModel.model_validate({"name": name, "baseURL": "http://model.test/v1"} | more)


async def scripted(wanted: PlainModel, key: str | None) -> Trial:
    made = create_app(load_scripts(), "the-right-key")
    return await try_model(wanted, key, Reach(transport=httpx.ASGITransport(made)), "model")


async def test_a_model_of_the_list_is_good() -> None:
    found = await scripted(model(), "the-right-key\n")
    assert (found.ok, found.offers) == (True, MODELS)


async def test_a_wrong_key_is_said_and_not_shown() -> None:
    found = await scripted(model(), "the-wrong-key")
    assert (found.ok, found.reason) == (False, "CredentialsRefused")
    assert found.fix == "put a key that is good under apiKey of Secret model"
    assert "the-wrong-key" not in f"{found}"


class Asked:
    """A server of models, and what it was asked."""

    def __init__(self, *names: str, answers: int = 200, listed: int = 200, known: int = 404, key: bool = True) -> None:
        self.paths: list[str] = []
        self._names, self._codes, self._key = names, {"chat": answers, "list": listed, "one": known}, key

    async def _list(self, request: Request) -> Response:
        self.paths.append("list")
        if self._key and not {"authorization", "x-api-key", "x-goog-api-key"} & set(request.headers):
            return JSONResponse({"error": {"message": "no key"}}, 401)
        data: dict[str, Any] = {"data": [{"id": name} for name in self._names]}
        data |= {"models": [{"name": f"models/{name}"} for name in self._names]}
        return JSONResponse(data, self._codes["list"])

    async def _one(self, _: Request) -> Response:
        self.paths.append("one")
        return JSONResponse({"error": {"message": "no such model"}}, self._codes["one"])

    async def _chat(self, request: Request) -> Response:
        self.paths.append(f"chat {(await request.json()).get('max_tokens')}")
        return JSONResponse({"error": {"message": "no such model"}}, self._codes["chat"])

    @property
    def reach(self) -> Reach:
        paths: list[tuple[str, Callable[[Request], Any], str]] = [
            ("/models", self._list, "GET"),
            ("/models/{name}", self._one, "GET"),
            ("/chat/completions", self._chat, "POST"),
            ("/messages", self._chat, "POST"),
        ]
        routes = [
            Route(f"{before}{path}", work, methods=[method])
            for before in ("/v1", "/v1beta")
            for path, work, method in paths
        ]
        return Reach(transport=httpx.ASGITransport(Starlette(routes=routes)))


@pytest.mark.parametrize("provider", ["openai", "mistral", "google", "anthropic"])
async def test_every_provider_is_asked_for_its_list(provider: str) -> None:
    asked = Asked("m-large", "m-small")
    wanted = PlainModel.model_validate({"name": "m-large", "provider": provider})
    found = await try_model(wanted, "key-of-mine", asked.reach)
    assert (found.ok, found.offers, asked.paths) == (True, ("m-large", "m-small"), ["list"])


@pytest.mark.parametrize(("known", "reason"), [(200, ""), (404, "ModelMissing")])
async def test_a_name_that_a_provider_does_not_list_is_looked_up(known: int, reason: str) -> None:
    asked = Asked("m-large-20261101", known=known)
    wanted = PlainModel.model_validate({"name": "m-large", "provider": "anthropic"})
    found = await try_model(wanted, "key-of-mine", asked.reach)
    assert (found.ok, found.reason, asked.paths) == (not reason, reason, ["list", "one"])
    assert not reason or found.fix == "name: m-large-20261101"


@pytest.mark.parametrize(
    ("asked", "key", "paths"),
    [
        (Asked("m"), "key-of-mine", ["list", "list"]),
        (Asked("m", key=False), "key-of-mine", ["list", "list", "chat 1"]),
        (Asked("m", key=False), None, ["list"]),
        (Asked("other"), "key-of-mine", ["list", "chat 1"]),
        (Asked(listed=404), "key-of-mine", ["list", "chat 1"]),
    ],
    ids=["of a list", "list for anybody", "no key", "not listed", "no list"],
)
async def test_a_compatible_server_says_one_word_where_its_list_proves_nothing(
    asked: Asked, key: str | None, paths: list[str]
) -> None:
    found = await try_model(model("m"), key, asked.reach)
    assert (found.ok, asked.paths) == (True, paths)


async def test_a_compatible_server_without_the_model_offers_others() -> None:
    found = await try_model(model("qwen3-coder"), None, Asked("qwen3-coder:30b", answers=404, key=False).reach)
    assert (found.ok, found.reason, found.offers) == (False, "ModelMissing", ("qwen3-coder:30b",))
    assert "no such model" in found.said
    assert found.fix == "name: qwen3-coder:30b"


async def test_a_key_that_google_takes_for_none_is_refused() -> None:
    said = {"error": {"code": 400, "message": "API key not valid. Please pass a valid API key."}}
    answering = httpx.MockTransport(lambda _: httpx.Response(400, json=said))
    wanted = PlainModel.model_validate({"name": "m", "provider": "google"})
    assert (await try_model(wanted, "key-of-mine", Reach(transport=answering))).reason == "CredentialsRefused"
