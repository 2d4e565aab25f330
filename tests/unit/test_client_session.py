"""A person's session with an API server: whose credential is sent, which sentence a refusal is, what is streamed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import pytest_asyncio
import yaml
from aiohttp import web
from aiohttp.test_utils import TestServer

from boardhand_api.pod import LABEL_RUN, Stage
from boardhand_client.errors import Busy, NotThere, Refused, SessionError, Unauthenticated, Unreachable
from boardhand_client.following import follow_stage
from boardhand_client.reading import live_runs, pools, runs
from boardhand_client.refusals import watch_error
from boardhand_client.rights import KEPT_SECONDS, Rights
from boardhand_client.session import Session
from boardhand_operator.kube import Resource
from tests.support.api_server import ADA, ApiServer, serving
from tests.support.objects import ended, pod_body, pool_body, run_body, running


@pytest_asyncio.fixture
async def server() -> AsyncIterator[ApiServer]:
    async with serving(ApiServer()) as up:
        yield up


@pytest_asyncio.fixture
async def session(server: ApiServer) -> AsyncIterator[Session]:
    async with Session.bearer(server.url, None, ADA) as made:
        yield made


async def test_the_kubeconfig_says_who_and_where(server: ApiServer, tmp_path: Path) -> None:
    async with await Session.kubeconfig(str(server.kubeconfig(tmp_path / "c", namespace="shop"))) as session:
        assert (await session.whoami(), session.namespace) == ("ada@example.com", "shop")


@pytest.mark.parametrize("text", ["", "[]", "a: [", "contexts: []\ncurrent-context: c", "[" * 400])
async def test_a_kubeconfig_that_is_none_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "c").write_text(text)
    with pytest.raises(Unreachable, match="no kubeconfig can be used"):
        await Session.kubeconfig(str(tmp_path / "c"))
    with pytest.raises(Unreachable, match="no kubeconfig can be used"):
        await Session.kubeconfig(str(tmp_path / "absent"))


@pytest.mark.parametrize(
    "user", [{"client-certificate-data": "aGVsbG8=", "client-key-data": "aGVsbG8="}, {"client-certificate-data": ""}]
)
@pytest.mark.parametrize("authority", ["aGVsbG8=", "!!!"])
async def test_certificates_that_are_none_are_said(tmp_path: Path, user: dict[str, str], authority: str) -> None:
    server = ApiServer(url="https://127.0.0.1:1")
    told = yaml.safe_load(server.kubeconfig(tmp_path / "c").read_text())
    told["clusters"][0]["cluster"]["certificate-authority-data"] = authority
    told["users"][0]["user"] = user
    (tmp_path / "c").write_text(yaml.safe_dump(told))
    with pytest.raises(Unreachable, match="no kubeconfig can be used"):
        await Session.kubeconfig(str(tmp_path / "c"))


@pytest.mark.parametrize("host", ["https://a..b", f"https://{'a' * 300}.example"])
async def test_a_host_that_no_name_server_knows_is_said(host: str) -> None:
    async with Session.bearer(host, None, ADA) as nowhere:
        with pytest.raises(Unreachable, match=r"the cluster at .* cannot be asked"):
            await pools(nowhere, None)


async def test_a_token_that_no_header_holds_is_said(server: ApiServer, tmp_path: Path) -> None:
    async with await Session.kubeconfig(str(server.kubeconfig(tmp_path / "c", token="a\nb"))) as session:
        with pytest.raises(Unreachable, match="cannot be asked"):
            await pools(session, None)


@pytest.mark.parametrize("text", ["<html>Log in</html>", '{"type": "ADDED", "obj', "\xff"])
async def test_what_is_no_api_server_is_said(text: str) -> None:
    async def page(_: web.Request) -> web.Response:
        return web.Response(body=text.encode("latin-1"), content_type="text/html")

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", page)
    async with TestServer(app) as there, Session.bearer(f"http://127.0.0.1:{there.port}", None, ADA) as session:
        for asked in (pools(session, None), session.whoami(), session.get(Resource.RUNS, "team", "a")):
            with pytest.raises(Unreachable, match="is not the API server"):
                await asked
        with pytest.raises(Unreachable, match="is not the API server"):
            _ = [event async for event in session.watch(Resource.RUNS, "team")]
        with pytest.raises(Unreachable, match="is not the API server"):
            _ = [body async for body in session.list(Resource.RUNS, "team", "")]


async def test_only_the_tokens_credential_is_sent(
    server: ApiServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login own password own\n")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    monkeypatch.setenv("KUBECONFIG", str(server.kubeconfig(tmp_path / "c", token="own")))
    async with Session.bearer(server.url, None, ADA) as session:
        await runs(session, None)
    _, _, headers = server.asked[-1]
    assert headers["Authorization"] == f"Bearer {ADA}"


@pytest.mark.parametrize("token", ["", "a b", "a\r\nX-Other: b", "é"])
def test_what_is_no_token_is_never_sent(token: str) -> None:
    with pytest.raises(Unauthenticated):
        Session.bearer("http://127.0.0.1:1", None, token)


async def test_who_is_impersonated_stands_in_the_headers(server: ApiServer, tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_text(ADA + "\n")
    async with Session.impersonating(server.url, None, file, "Bob Ünal", ["dev", "ops"]) as session:
        assert await session.whoami() == "Bob Ünal"
        file.write_text("gone")
        with pytest.raises(Unauthenticated):
            await session.whoami()
    with pytest.raises(Unauthenticated):
        Session.impersonating(server.url, None, file, "bob\nImpersonate-Group: system:masters", [])
    with pytest.raises(Unauthenticated):
        Session.impersonating(server.url, None, file, "bob", [""])


async def test_each_refusal_is_a_sentence(server: ApiServer, session: Session) -> None:
    server.denied = {("list", "ticketruns")}
    with pytest.raises(Refused, match=r"not allowed: ticketruns is forbidden.*ask who runs the cluster"):
        await runs(session, "team")
    async with Session.bearer(server.url, None, "wrong") as stranger:
        with pytest.raises(Unauthenticated, match="log in again"):
            await pools(stranger, None)
    async with Session.bearer("http://127.0.0.1:1", None, ADA) as nowhere:
        with pytest.raises(Unreachable, match="cannot be reached"):
            await pools(nowhere, None)
    server.absent = {"codingagents"}
    with pytest.raises(NotThere, match="is Boardhand installed"):
        await pools(session, None)


async def test_a_credential_that_ran_out_is_got_again(server: ApiServer, tmp_path: Path) -> None:
    program = tmp_path / "login"
    token = tmp_path / "token"
    program.write_text(
        '#!/bin/sh\nprintf \'{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential",'
        f'"status":{{"token":"%s"}}}}\' "$(cat {token})"\n'
    )
    program.chmod(0o755)
    token.write_text("old")
    file = server.kubeconfig(tmp_path / "c")
    body = yaml.safe_load(file.read_text())
    exec_ = {"apiVersion": "client.authentication.k8s.io/v1", "command": str(program)}
    body["users"] = [{"name": "u", "user": {"exec": exec_}}]
    file.write_text(yaml.safe_dump(body))
    async with await Session.kubeconfig(str(file)) as session:
        token.write_text(ADA)
        assert await session.whoami() == "ada@example.com"


async def test_lists_come_in_pages_without_one_missing(server: ApiServer, session: Session) -> None:
    for number in range(1203):
        server.kube.put(Resource.RUNS, "team", run_body(f"run-{number}"))
    assert len({row.name for row in await runs(session, "team")}) == 1203
    assert sum("ticketruns" in path for _, path, _ in server.asked) == 3


async def test_runs_are_filtered_by_their_pool_with_or_without_a_label(server: ApiServer, session: Session) -> None:
    server.kube.put(Resource.RUNS, "team", run_body("by-hand", pool="shop"))
    server.kube.put(Resource.RUNS, "team", run_body("other", pool="till"))
    assert [row.name for row in await runs(session, None, "shop")] == ["by-hand"]


async def test_live_rows_follow_what_happens(server: ApiServer, session: Session) -> None:
    server.kube.put(Resource.RUNS, "team", run_body("a"))
    live = live_runs(session, "team")
    changes = live.follow()
    assert await anext(changes) == {("team", "a")}
    server.kube.put(Resource.RUNS, "team", run_body("b"))
    assert await anext(changes) == {("team", "b")}
    server.kube.set_status(Resource.RUNS, ("team", "a"), {"phase": "Working"})
    assert await anext(changes) == {("team", "a")}
    assert live.rows[("team", "a")].phase == "Working"
    server.kube.remove(Resource.RUNS, ("team", "a"))
    assert await anext(changes) == {("team", "a")}
    assert set(live.rows) == {("team", "b")}
    await changes.aclose()  # type: ignore[attr-defined]


async def test_live_rows_list_again_where_the_version_is_forgotten(
    server: ApiServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boardhand_client.reading._AGAIN_SECONDS", 0.01)
    server.kube.put(Resource.RUNS, "team", run_body("a"))
    server.forgotten = True
    live = live_runs(session, "team")
    changes = live.follow()
    await anext(changes)
    server.kube.remove(Resource.RUNS, ("team", "a"))
    server.kube.put(Resource.RUNS, "team", run_body("b"))
    seen = await anext(changes)
    assert seen == {("team", "a"), ("team", "b")}
    assert set(live.rows) == {("team", "b")}
    await changes.aclose()  # type: ignore[attr-defined]


async def test_a_list_that_changed_too_much_is_a_sentence(server: ApiServer, session: Session) -> None:
    server.forgotten = True
    with pytest.raises(SessionError, match="must be read anew"):
        await anext(session.watch(Resource.RUNS, "team", since="1"))


async def test_live_rows_say_that_they_are_broken_and_mend(server: ApiServer) -> None:
    made = ApiServer(server.kube)
    async with serving(made):
        session = Session.bearer(made.url, None, ADA)
        live = live_runs(session, "team")
        changes = live.follow()
        await anext(changes)
    assert await anext(changes) == set()
    assert "cannot be reached" in live.broken
    await changes.aclose()  # type: ignore[attr-defined]
    await session.close()


async def test_live_rows_end_with_what_will_not_mend(server: ApiServer, session: Session) -> None:
    server.denied = {("watch", "ticketruns")}
    changes = live_runs(session, "team").follow()
    await anext(changes)
    with pytest.raises(Refused):
        await anext(changes)


async def test_a_log_is_followed_to_its_end_each_line_once(server: ApiServer, session: Session) -> None:
    key = ("pod", "agent")
    server.logs[key], server.breaks = ["one", "two"], 1
    server.growing.add(key)
    seen: list[str] = []
    async for line in session.follow_log("team", "pod", "agent"):
        seen.append(line)
        if line == "two":
            server.logs[key] += ["three", "x" * 70_000]
            server.growing.clear()
    assert [line[:5] for line in seen] == ["one", "two", "three", "xxxxx"]
    assert len(seen[3]) <= 65536 + 64
    with pytest.raises(NotThere, match="waiting to start"):
        await anext(session.follow_log("team", "pod", "verify"))


async def test_lines_that_were_stamped_alike_come_each_once(server: ApiServer, session: Session) -> None:
    key = ("pod", "agent")
    server.logs[key], server.breaks, server.alike = ["one", "two", "three", "four", "five"], 1, 4
    seen = [line async for line in session.follow_log("team", "pod", "agent")]
    assert seen == ["one", "two", "three", "four", "five"]


async def test_rows_that_are_forgotten_every_time_are_listed_with_a_breath(
    server: ApiServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boardhand_client.reading._AGAIN_SECONDS", 0.15)
    server.forgets = True
    with suppress(TimeoutError):
        async with asyncio.timeout(0.4):
            async for _ in live_runs(session, "team").follow():
                pass
    assert len([path for _, path, _ in server.asked if "watch=" not in path]) <= 3


async def test_an_api_server_that_cannot_now_is_asked_again(server: ApiServer, session: Session) -> None:
    server.kube.put(Resource.RUNS, "team", run_body())
    live, told = live_runs(session, "team"), list[str]()
    server.busy = 1
    async for _ in live.follow():
        told.append(live.broken)
        if live.rows:
            break
    assert "apiserver not ready" in told[0] and told[-1] == ""
    server.busy = 1
    with pytest.raises(Busy, match="try again in a while"):
        await runs(session, "team")
    busy = watch_error({"code": 500, "message": "no leader"})
    assert isinstance(busy, Busy) and not isinstance(watch_error({"code": 403, "message": "no"}), Busy)


async def test_a_stage_is_followed_over_an_api_server_that_starts_anew(
    server: ApiServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boardhand_client.following._WAITS", (0.01,) * 4)
    monkeypatch.setattr("boardhand_client.following._LOOK_SECONDS", 0.01)
    server.kube.put(Resource.RUNS, "team", run_body("run-1"))
    followed = asyncio.ensure_future(anext(follow_stage(session, "team", "run-1", Stage.AGENT)))
    async with asyncio.timeout(5):
        while len(server.asked) < 4:
            await asyncio.sleep(0.005)
    server.busy = 3
    async with asyncio.timeout(5):
        while server.busy and not followed.done():
            await asyncio.sleep(0.005)
    pod = pod_body({Stage.AGENT: ended(0)}, name="pod")
    pod["metadata"].setdefault("labels", {})[LABEL_RUN] = "run-1"
    server.logs[("pod", "agent")] = ["one"]
    server.kube.put(Resource.PODS, "team", pod)
    server.kube.set_status(Resource.PODS, ("team", "pod"), pod["status"])
    assert await asyncio.wait_for(followed, 5) == "one"


async def test_an_api_server_that_does_not_answer_at_first_is_said(server: ApiServer, session: Session) -> None:
    server.busy = 1
    with pytest.raises(Busy):
        await anext(follow_stage(session, "team", "run-1", Stage.AGENT))


async def test_a_log_whose_stream_ends_before_its_container_is_gone_on_with(
    server: ApiServer, session: Session, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("boardhand_client.session._ENDING_SECONDS", 0.01)
    pod = pod_body({Stage.AGENT: running()}, name="pod")
    server.kube.put(Resource.PODS, "team", pod)
    server.logs[("pod", "agent")] = ["one"]
    seen: list[str] = []
    async for line in session.follow_log("team", "pod", "agent"):
        seen.append(line)
        if line == "one":
            server.logs[("pod", "agent")] += ["two"]
        else:
            server.kube.set_status(Resource.PODS, ("team", "pod"), pod_body({Stage.AGENT: ended(0)})["status"])
    assert seen == ["one", "two"]


async def test_rights_are_asked_once_for_a_while(server: ApiServer, session: Session) -> None:
    now = 0.0
    rights = Rights(session, lambda: now)
    server.denied = {("get", "pods/log")}
    answers = await asyncio.gather(*(rights.may("create", Resource.RUNS, "team") for _ in range(5)))
    assert answers == [True] * 5
    assert not await rights.may("get", Resource.PODS, "team", sub="log")
    assert len(server.asked) == 2
    server.denied = set()
    assert not await rights.may("get", Resource.PODS, "team", sub="log")
    now = KEPT_SECONDS
    assert await rights.may("get", Resource.PODS, "team", sub="log")


async def test_a_right_that_was_not_told_is_asked_again(server: ApiServer, session: Session) -> None:
    rights = Rights(session, lambda: 0.0)
    users, server.users = server.users, {}
    with pytest.raises(SessionError):
        await rights.may("create", Resource.RUNS, "team")
    server.users = users
    assert await rights.may("create", Resource.RUNS, "team")


async def test_pools_come_as_rows(server: ApiServer, session: Session) -> None:
    server.kube.put(Resource.POOLS, "team", pool_body("shop"))
    (row,) = await pools(session, None)
    assert (row.name, row.board_type, row.large, row.ready) == ("shop", "fake", "large-model", False)
