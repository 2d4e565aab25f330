"""The pool's form as a visitor meets it: opened, looked at, applied, refused; and where what they type stays."""

from __future__ import annotations

import base64
import html
import logging
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
import yaml

from boardhand_api.pool import CodingAgentSpec
from boardhand_operator.kube import Resource
from boardhand_operator.sealed.keyring import KEYS_FILE, Keyring, Place
from tests.support.pool_server import Browser, PoolServer, browsing
from tests.support.sealing import CANARIES, a_ring

Json = dict[str, Any]
NEW, EDIT = "/ns/team/pools/new", "/ns/team/pools/shop/edit"
SEALING = ("get", "secrets", "boardhand")
TOKEN, KEY, PUSH = CANARIES["board.token"], CANARIES["board.key"], CANARIES["repository.push.token"]
FILLED = {
    "name": "shop",
    "board.type": "trello",
    "board.board": "b1",
    "board.columns.ready": "To do",
    "repository.url": "https://git.test/shop/cart.git",
    "forge.type": "git",
    "models.large.name": "large",
    "models.large.secretRef.name": "model",
    "workbench.image": "toolchain:1",
    "workbench.verify": "make lint\r\nmake test",
    "limits.money": "2.50",
    "rest": "retention:\r\n  days: 90\r\n",
}
TYPED = {
    "secret:board.key": KEY,
    "secret:board.token": TOKEN,
    "secret:repository.push.username": "pusher",
    "secret:repository.push.token": PUSH,
}
SPEC = {
    "board": {"type": "trello", "board": "b1", "secretRef": {"name": "trello"}},
    "repository": {"url": "https://git.test/shop/cart.git", "pushSecretRef": {"name": "push"}},
    "forge": {"type": "git"},
    "models": {"large": {"name": "large"}},
    "workbench": {"image": "toolchain:1", "env": {"A": "1"}},
}


@pytest_asyncio.fixture
async def ring() -> Keyring:
    return a_ring()


@pytest_asyncio.fixture
async def server(ring: Keyring) -> PoolServer:
    found = PoolServer()
    data = {KEYS_FILE: base64.b64encode(ring.text().encode()).decode()}
    found.kube.put(Resource.SECRETS, "boardhand", {"metadata": {"name": "boardhand-sealing"}, "data": data})
    return found


@pytest_asyncio.fixture
async def ada(server: PoolServer) -> AsyncIterator[Browser]:
    async with browsing(server) as browser:
        yield browser


def values(page: str) -> dict[str, str]:
    """What a browser would post of this page."""
    out = {}
    for tag in re.findall(r"<input [^>]*>", page):
        about = dict(re.findall(r'([\w:-]+)="([^"]*)"', tag))
        out[about["name"]] = html.unescape(about.get("value", ""))
    for name, text in re.findall(r'<textarea [^>]*name="([^"]+)"[^>]*>\n?([^<]*)</textarea>', page):
        out[html.unescape(name)] = html.unescape(text)
    for name, inner in re.findall(r'<select [^>]*name="([^"]+)"[^>]*>(.*?)</select>', page, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', inner)
        out[name] = html.unescape(chosen[1]) if chosen else ""
    return out


def wrong_beside(page: str, control: str) -> str:
    found = re.search(rf'<p class="wrong" id="error-{re.escape(control)}">(.*?)</p>', page, re.DOTALL)
    assert found, control
    return html.unescape(found[1])


async def test_a_new_pool_is_sealed_and_made(ada: Browser, server: PoolServer, ring: Keyring) -> None:
    done = await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})
    assert (done.status_code, done.headers["location"]) == (303, "/ns/team/pools/shop")
    spec = server.pool()["spec"]
    CodingAgentSpec.model_validate(spec)
    assert ring.open(Place("team", "shop", "board.token"), spec["board"]["sealed"]["token"]) == TOKEN
    assert ring.open(Place("team", "shop", "repository.push.token"), spec["repository"]["pushSealed"]["token"]) == PUSH
    assert spec["workbench"]["verify"] == ["make lint", "make test"]
    assert (spec["limits"], spec["retention"]) == ({"money": 2.5}, {"days": 90})
    assert server.writes == [("POST", "/apis/boardhand.dev/v1alpha1/namespaces/team/codingagents")]


async def test_looking_writes_nothing_and_shows_what_would_be_made(ada: Browser, server: PoolServer) -> None:
    page = await ada.post(NEW, {**FILLED, **TYPED, "do": "look"})
    assert page.status_code == 200
    assert "The cluster would take this. Nothing is written yet." in page.text
    assert '<span class="comes">+ board:' in page.text
    assert server.writes == []


@pytest.mark.slow
async def test_without_a_script_what_was_typed_comes_back_sealed(ada: Browser, server: PoolServer) -> None:
    page = await ada.post(NEW, {**FILLED, **TYPED, "do": "look"})
    again = values(page.text)
    assert all(again[name] == "" for name in TYPED)
    done = await ada.post(NEW, {**again, "do": "apply"})
    assert done.status_code == 303, done.text
    assert set(server.pool()["spec"]["board"]["sealed"]) == {"key", "token"}


async def test_without_the_keys_a_secret_is_made(ada: Browser, server: PoolServer) -> None:
    server.forbidden = {SEALING}
    done = await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})
    assert done.status_code == 303, done.text
    assert server.pool()["spec"]["board"]["secretRef"] == {"name": "shop-board"}
    assert base64.b64decode(server.secret("shop-board")["data"]["token"]).decode() == TOKEN
    assert set(server.secret("shop-repository-push")["data"]) == {"username", "token"}
    assert [method for method, _ in server.writes] == ["POST", "POST", "POST"]
    assert server.writes[-1][1].endswith("codingagents")


async def test_a_secret_of_somebody_else_is_left_alone(ada: Browser, server: PoolServer) -> None:
    server.forbidden = {SEALING}
    server.kube.put(Resource.SECRETS, "team", {"metadata": {"name": "shop-board"}, "data": {"token": "b2xk"}})
    page = await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})
    assert page.status_code == 422
    assert "is there already" in wrong_beside(page.text, "board-secretRef-name")
    assert server.secret("shop-board")["data"] == {"token": "b2xk"}
    assert ("team", "shop") not in server.kube.objects[Resource.POOLS]


async def test_for_a_pool_that_is_refused_no_secret_is_made(ada: Browser, server: PoolServer) -> None:
    server.forbidden = {SEALING}
    server.rules = [lambda _: {"field": "spec.workbench.image", "message": "no"}]
    assert (await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})).status_code == 422
    assert server.writes == []


async def test_a_secret_that_was_made_a_moment_ago_is_taken(ada: Browser, server: PoolServer) -> None:
    server.forbidden = {SEALING}
    server.fails = ["codingagents"]
    page = await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})
    assert "Secret shop-board was made, with key, token." in page.text
    assert (await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})).status_code == 303
    assert [path.rpartition("/")[2] for _, path in server.writes] == ["secrets", "secrets", "codingagents"]


async def test_who_may_neither_seal_nor_make_secrets_is_told_both_and_given_yaml(
    ada: Browser, server: PoolServer
) -> None:
    server.forbidden = {SEALING, ("create", "secrets", "team"), ("patch", "secrets", "team")}
    page = await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})
    said = wrong_beside(page.text, "board-secretRef-name")
    assert "you may not get Secret boardhand/boardhand-sealing" in said
    assert "you may not create Secrets in team" in said
    command = "kubectl create secret generic shop-board --namespace team --from-file=key=key.txt --from-file=token"
    assert command in page.text
    assert server.writes == []
    got = await ada.post(NEW, {**FILLED, **TYPED, "do": "yaml"})
    assert got.text.startswith("# kubectl create secret generic shop-board")
    assert yaml.safe_load(got.text)["spec"]["board"]["secretRef"] == {"name": "shop-board"}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("forbidden", "said"),
    [
        (set(), "are sealed into the pool"),
        ({SEALING}, "go into Secrets in namespace team"),
        ({SEALING, ("create", "secrets", "team")}, "can be tried, and not kept"),
    ],
)
async def test_it_says_what_becomes_of_credentials(
    ada: Browser, server: PoolServer, forbidden: set[Any], said: str
) -> None:
    server.forbidden = forbidden
    assert said in (await ada.get(NEW)).text


async def test_the_yaml_for_git_holds_sealed_texts_alone(ada: Browser, server: PoolServer) -> None:
    got = await ada.post(NEW, {**FILLED, **TYPED, "do": "yaml"})
    assert got.headers["content-disposition"] == 'attachment; filename="shop.yaml"'
    body = yaml.safe_load(got.text)
    assert body["metadata"] == {"name": "shop", "namespace": "team"}
    CodingAgentSpec.model_validate(body["spec"])
    assert body["spec"]["board"]["sealed"]["token"].startswith("gAAAA")
    assert server.writes == []


async def test_a_pool_that_is_there_is_saved_without_a_loss(ada: Browser, server: PoolServer) -> None:
    server.put_pool(SPEC)
    page = await ada.get(EDIT)
    fields = values(page.text)
    assert yaml.safe_load(fields["rest"]) == {"workbench": {"env": {"A": "1"}}}
    done = await ada.post(EDIT, {**fields, "limits.attempts": "7", "do": "apply"})
    assert done.status_code == 303, done.text
    assert server.pool()["spec"] == SPEC | {"limits": {"attempts": 7}}


async def test_credentials_stay_unless_they_are_typed_anew(ada: Browser, server: PoolServer, ring: Keyring) -> None:
    old = ring.seal(Place("team", "shop", "board.key"), "old-key-of-trello")
    other = ring.seal(Place("team", "shop", "board.token"), "old-token-of-trello")
    board = {"type": "trello", "board": "b1", "sealed": {"key": old, "token": other}}
    server.put_pool(SPEC | {"board": board})
    fields = values((await ada.get(EDIT)).text)
    done = await ada.post(EDIT, {**fields, "secret:board.token": TOKEN, "do": "apply"})
    assert done.status_code == 303, done.text
    sealed = server.pool()["spec"]["board"]["sealed"]
    assert sealed["key"] == old
    assert ring.open(Place("team", "shop", "board.token"), sealed["token"]) == TOKEN


async def test_what_is_typed_beside_a_secrets_name_goes_into_that_secret(ada: Browser, server: PoolServer) -> None:
    server.put_pool(SPEC)
    data = {"key": "b2xk", "token": "b2xk"}
    server.kube.put(Resource.SECRETS, "team", {"metadata": {"name": "trello"}, "data": data})
    fields = values((await ada.get(EDIT)).text)
    done = await ada.post(EDIT, {**fields, "secret:board.token": TOKEN, "do": "apply"})
    assert done.status_code == 303, done.text
    assert server.pool()["spec"] == SPEC
    assert server.secret("trello")["data"] == {"key": "b2xk", "token": base64.b64encode(TOKEN.encode()).decode()}


async def test_a_change_by_somebody_else_is_never_overwritten_unseen(ada: Browser, server: PoolServer) -> None:
    server.put_pool(SPEC)
    fields = values((await ada.get(EDIT)).text)
    theirs = SPEC | {"suspend": True}
    server.put_pool(theirs)
    page = await ada.post(EDIT, {**fields, "limits.attempts": "7", "do": "apply"})
    assert page.status_code == 409
    assert "Somebody changed the pool since you opened it" in page.text
    assert '<span class="goes">- suspend: true' in page.text
    assert server.pool()["spec"] == theirs
    done = await ada.post(EDIT, {**values(page.text), "do": "apply"})
    assert done.status_code == 303
    assert server.pool()["spec"] == SPEC | {"limits": {"attempts": 7}}


async def test_looking_does_not_take_over_what_somebody_else_changed(ada: Browser, server: PoolServer) -> None:
    server.put_pool(SPEC)
    fields = values((await ada.get(EDIT)).text)
    wrong = await ada.post(EDIT, {**fields, "limits.attempts": "many", "do": "look"})
    server.put_pool(SPEC | {"suspend": True})
    again = await ada.post(EDIT, {**values(wrong.text), "limits.attempts": "7", "do": "apply"})
    assert again.status_code == 409


async def test_a_status_that_is_written_meanwhile_is_no_conflict(ada: Browser, server: PoolServer) -> None:
    server.put_pool(SPEC)
    fields = values((await ada.get(EDIT)).text)
    server.before_put = lambda: server.kube.set_status(Resource.POOLS, ("team", "shop"), {"working": 1})
    done = await ada.post(EDIT, {**fields, "limits.attempts": "7", "do": "apply"})
    assert done.status_code == 303
    assert server.pool()["status"] == {"working": 1}


@pytest.mark.slow
async def test_a_pool_that_was_deleted_and_made_anew_is_another_one(ada: Browser, server: PoolServer) -> None:
    server.put_pool(SPEC)
    fields = values((await ada.get(EDIT)).text)
    server.kube.remove(Resource.POOLS, ("team", "shop"))
    server.put_pool(SPEC)
    assert (await ada.post(EDIT, {**fields, "do": "apply"})).status_code == 409
    server.kube.remove(Resource.POOLS, ("team", "shop"))
    assert (await ada.post(EDIT, {**fields, "do": "apply"})).status_code == 404


async def test_a_name_that_is_taken_is_said_beside_it(ada: Browser, server: PoolServer) -> None:
    server.put_pool(SPEC)
    page = await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})
    assert page.status_code == 422
    assert "is there already" in wrong_beside(page.text, "name")
    assert server.pool()["spec"] == SPEC


async def test_a_name_that_is_none_is_said_beside_it(ada: Browser, server: PoolServer) -> None:
    page = await ada.post(NEW, {**FILLED, **TYPED, "name": "No name", "do": "apply"})
    assert page.status_code == 422
    assert wrong_beside(page.text, "name")
    assert "gAAAA" not in page.text
    assert server.writes == []


async def test_what_the_models_say_stands_beside_its_field(ada: Browser) -> None:
    page = await ada.post(NEW, {**FILLED, "limits.attempts": "0", "workbench.image": "", "do": "look"})
    assert page.status_code == 422
    assert "greater than or equal to 1" in wrong_beside(page.text, "limits-attempts")
    assert "required" in wrong_beside(page.text, "workbench-image")
    assert "give either secretRef or sealed" in wrong_beside(page.text, "board-secretRef-name")
    assert 'aria-describedby="help-limits-attempts error-limits-attempts" aria-invalid="true"' in page.text
    assert '<a href="#limits-attempts">Attempts a ticket</a>' in page.text


async def test_what_the_api_server_says_stands_beside_its_field(ada: Browser, server: PoolServer) -> None:
    rule = "spec.forge is required with spec.board: a ticket ends in a pull request, or with type git in a branch"
    server.rules = [
        lambda spec: None if "forge" in spec else {"field": "spec", "message": f'Invalid value: "object": {rule}'},
        lambda _: {"field": "spec.workbench.image", "message": "Invalid value: no `latest` here"},
        lambda _: {"field": "spec.workbench.services[0].name", "message": "Duplicate"},
    ]
    page = await ada.post(NEW, {**FILLED, **TYPED, "forge.type": "", "do": "apply"})
    assert page.status_code == 422
    assert rule in wrong_beside(page.text, "forge-secretRef-name")
    assert wrong_beside(page.text, "workbench-image") == "Invalid value: no `latest` here"
    assert "workbench.services.0.name: Duplicate" in wrong_beside(page.text, "rest")
    assert server.writes == []


async def test_wrong_yaml_is_said_beside_it(ada: Browser, server: PoolServer) -> None:
    page = await ada.post(NEW, {**FILLED, **TYPED, "rest": "a: &x 1\nb: *x", "do": "apply"})
    assert page.status_code == 422
    assert "anchors and aliases" in wrong_beside(page.text, "rest")
    assert server.writes == []


async def test_a_text_that_was_sealed_for_another_pool_is_said(ada: Browser, ring: Keyring) -> None:
    sealed = {key: ring.seal(Place("team", "other", f"board.{key}"), "a-value-of-it") for key in ("key", "token")}
    fields = {**FILLED, **TYPED, "secret:board.key": "", "secret:board.token": ""}
    page = await ada.post(NEW, {**fields, "rest": yaml.safe_dump({"board": {"sealed": sealed}}), "do": "look"})
    assert "does not open in this one" in wrong_beside(page.text, "board-secretRef-name")


async def test_all_keys_of_a_place_are_asked_for(ada: Browser) -> None:
    page = await ada.post(NEW, {**FILLED, **TYPED, "secret:board.key": "", "do": "look"})
    assert "is needed too" in wrong_beside(page.text, "board-secrets-key")


async def test_a_visitor_without_the_right_cannot_write(ada: Browser, server: PoolServer) -> None:
    server.put_pool(SPEC)
    server.forbidden = {("create", "codingagents", "team"), ("update", "codingagents", "team")}
    assert (await ada.get(NEW)).status_code == 403
    assert (await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})).status_code == 403
    page = await ada.get(EDIT)
    assert "You may not change this pool" in page.text
    assert re.search(r'value="apply"[^>]* disabled>', page.text)
    assert 'hx-post="/ns/team/trials' not in page.text
    assert (await ada.post(EDIT, {**values(page.text), "do": "apply"})).status_code == 403
    assert (await ada.post(EDIT, {**values(page.text), "do": "look"})).status_code == 200
    assert (server.writes, server.pool()["spec"]) == ([], SPEC)


async def test_a_right_that_is_gone_by_the_time_of_writing_is_said(ada: Browser, server: PoolServer) -> None:
    await ada.get(NEW)
    server.forbidden = {("create", "codingagents", "team")}
    page = await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})
    assert page.status_code == 422
    assert "cannot create resource" in page.text
    assert server.writes == []


async def test_a_forged_post_does_nothing(ada: Browser, server: PoolServer) -> None:
    for token in ("", "x" * 43):
        assert (await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"}, csrf=token)).status_code == 403
        assert (await ada.post("/ns/team/trials/board", {**FILLED, **TYPED}, csrf=token)).status_code == 403
    ada.http.cookies.clear()
    assert (await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"})).headers["location"] == "/login"
    assert server.writes == []


@pytest.mark.slow
@pytest.mark.parametrize("forbidden", [set(), {SEALING}, {SEALING, ("create", "secrets", "team")}])
@pytest.mark.parametrize("do", ["look", "yaml", "apply", "try:board", "try:forge", "nonsense"])
async def test_no_page_and_no_log_shows_what_was_typed(
    ada: Browser, server: PoolServer, forbidden: set[Any], do: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    server.forbidden = forbidden
    server.rules = [lambda _: {"field": "spec.board", "message": "refused"}]
    fields = {**FILLED, **TYPED, "board.url": "http://127.0.0.1:1/1", "forge.type": "gitea", "do": do}
    fields |= {"forge.url": "http://127.0.0.1:1", "secret:forge.token": CANARIES["forge.token"]}
    for extra in ({}, {"name": "Not a name"}, {"limits.attempts": "many"}):
        page = await ada.post(NEW, {**fields, **extra})
        for canary in (TOKEN, KEY, PUSH, CANARIES["forge.token"]):
            assert canary not in html.unescape(page.text)
            assert canary not in caplog.text
            assert base64.b64encode(canary.encode()).decode() not in page.text + caplog.text


async def test_with_htmx_an_answer_is_taken_whatever_it_says(ada: Browser) -> None:
    page = await ada.post(NEW, {**FILLED, **TYPED, "name": "", "do": "look"}, htmx=True)
    assert page.status_code == 200
    assert '<section id="outcome"' in page.text
    done = await ada.post(NEW, {**FILLED, **TYPED, "do": "apply"}, htmx=True)
    assert (done.status_code, done.headers["hx-redirect"]) == (204, "/ns/team/pools/shop")


async def test_every_control_has_a_label_a_help_and_a_place_for_errors(ada: Browser) -> None:
    page = (await ada.get(NEW)).text
    ids = re.findall(r'\bid="([^"]+)"', page)
    assert len(ids) == len(set(ids))
    controls = re.findall(r'<(?:input|select|textarea) (?:type="\w+" )?id="([^"]+)"', page)
    assert len(controls) > 60
    assert set(controls) <= set(re.findall(r'<label for="([^"]+)"', page))
    described = {one for found in re.findall(r'aria-describedby="([^"]+)"', page) for one in found.split()}
    assert described <= set(ids)
    swapped = re.search(r'hx-select-oob="([^"]+)"', page)
    assert swapped
    assert {one.removeprefix("#") for one in swapped[1].split(",")} == {f"error-{one}" for one in controls}


async def test_the_page_needs_no_inline_script_or_style(ada: Browser) -> None:
    page = (await ada.get(NEW)).text
    assert re.findall(r"<script(?![^>]* src=)", page) == []
    assert re.findall(r'<style| style="| on\w+="', page) == []


async def test_text_of_a_pool_is_never_markup(ada: Browser, server: PoolServer) -> None:
    evil = '"><script>alert(1)</script>'
    server.put_pool(SPEC | {"board": {**SPEC["board"], "label": evil}, "egress": {"direct": ["</textarea><b>"]}})  # type: ignore[dict-item]
    page = (await ada.get(EDIT)).text
    assert "<script>alert" not in page
    assert "</textarea><b>" not in page
    assert values(page)["board.label"] == evil
