"""The metrics' port: who is let in, over TLS or not, and what it costs nobody who does not ask for it."""

from __future__ import annotations

import os
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from boardhand_operator.kube import ApiException, Resource
from boardhand_operator.memory.store import Store
from boardhand_operator.metrics import admission, served
from boardhand_operator.settings import Metrics, Settings
from testbed.cluster.certificates import Authority, Subject
from tests.support.fake_kube import FakeKube
from tests.unit.test_operator_metrics import metrics_of

IMAGE = {"BOARDHAND_RUNNER_IMAGE": "registry.example/runner:1"}
LOCAL = ("127.0.0.1", 0)
Json = dict[str, Any]


class Reviewing(FakeKube):
    """Knows one token, whose owner may do as `may` says."""

    def __init__(self, *, may: bool = True) -> None:
        super().__init__()
        self.may, self.down, self.asked = may, False, list[tuple[str, Json]]()

    async def review(self, resource: Resource, spec: Json) -> Json:
        if self.down:
            raise ApiException(status=500)
        self.asked.append((resource.name, spec))
        if resource is Resource.TOKEN_REVIEWS:
            known = spec["token"] == "good-token"
            return {"status": {"authenticated": known, "user": {"username": "prometheus", "groups": ["scrapers"]}}}
        return {"status": {"allowed": self.may}}


@asynccontextmanager
async def asking(asked: Metrics, kube: FakeKube | None = None, **http: Any) -> AsyncIterator[httpx.AsyncClient]:
    scheme = "https" if asked.tls else "http"
    async with served.serving(metrics_of(Store()), asked, lambda: kube or FakeKube()) as port:
        url = f"{scheme}://localhost:{port}"
        async with httpx.AsyncClient(base_url=url, trust_env=False, **http) as client:
            yield client


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}


async def test_who_reaches_the_port_reads_them_and_nothing_else() -> None:
    async with asking(Metrics(LOCAL)) as http:
        answer = await http.get("/metrics")
        assert "boardhand_leader 1.0" in answer.text
        assert answer.headers["content-type"].startswith("text/plain; version=")
        other = await http.get("/metrics", headers={"accept": "application/openmetrics-text; version=1.0.0"})
        assert other.text.endswith("# EOF\n")
        assert [(await http.request(*call)).status_code for call in (("GET", "/"), ("POST", "/metrics"))] == [404, 405]


async def test_headers_that_nobody_means_well_are_answered_all_the_same(tmp_path: Path) -> None:
    async with asking(Metrics(LOCAL)) as http:
        for accept in ("application/openmetrics-text; version=abc", ";;;=,", "x" * 5000):
            assert (await http.get("/metrics", headers={"accept": accept})).status_code == 200
    file = tmp_path / "token"
    file.write_text("first")
    for asked in (Metrics(LOCAL, token=file), Metrics(LOCAL, reviewed=True)):
        async with asking(asked, Reviewing()) as http:
            for said in (b"Bearer \xff\xfe", b"Bearer", b"Basic Zmlyc3Q="):
                assert (await http.get("/metrics", headers={b"authorization": said})).status_code == 401


async def test_the_token_is_that_of_the_file_as_it_is_now(tmp_path: Path) -> None:
    file = tmp_path / "token"
    async with asking(Metrics(LOCAL, token=file)) as http:
        assert (await http.get("/metrics", headers=bearer("x"))).status_code == 401
        file.write_text("first\n")
        assert (await http.get("/metrics", headers=bearer("first"))).status_code == 200
        file.write_text("second\n")
        answers = [await http.get("/metrics", headers=given) for given in (bearer("first"), bearer("second"), {})]
        assert [answer.status_code for answer in answers] == [401, 200, 401]
        assert answers[0].content == b""
        file.write_bytes(b"\xff\xfe")
        assert (await http.get("/metrics", headers=bearer("second"))).status_code == 401


async def test_the_api_server_says_whose_a_token_is_and_what_its_owner_may() -> None:
    kube = Reviewing()
    async with asking(Metrics(LOCAL, reviewed=True), kube) as http:
        assert (await http.get("/metrics", headers=bearer("bad-token"))).status_code == 401
        for _ in range(3):
            assert (await http.get("/metrics", headers=bearer("good-token"))).status_code == 200
        assert [name for name, _ in kube.asked] == ["TOKEN_REVIEWS", "TOKEN_REVIEWS", "ACCESS_REVIEWS"]
        attributes = {"path": "/metrics", "verb": "get"}
        wanted = {"user": "prometheus", "groups": ["scrapers"], "nonResourceAttributes": attributes}
        assert kube.asked[-1][1] == wanted
    async with asking(Metrics(LOCAL, reviewed=True), Reviewing(may=False)) as http:
        assert (await http.get("/metrics", headers=bearer("good-token"))).status_code == 403
        assert (await http.get("/metrics")).status_code == 401


async def test_what_the_api_server_said_ages_and_its_silence_is_not_kept() -> None:
    now, kube = [0.0], Reviewing()
    admits = admission.Reviewed(lambda: kube, lambda: now[0])
    assert await admits("good-token") == 200
    kube.may, now[0] = False, admission.KEPT_SECONDS + 1
    assert await admits("good-token") == 403
    kube.down = True
    assert [await admits("good-token"), await admits("other-token")] == [403, 503]
    kube.down = False
    assert await admits("other-token") == 401


async def test_over_tls(tmp_path: Path) -> None:
    Authority().write(tmp_path, [Subject("tls", "metrics", hosts=["localhost"])])
    trust = ssl.create_default_context(cafile=str(tmp_path / "ca.crt"))
    async with asking(Metrics(LOCAL, tls=tmp_path), verify=trust) as http:
        assert (await http.get("/metrics")).status_code == 200


async def test_connections_beyond_the_bound_are_closed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(served, "CONNECTIONS", 1)
    async with asking(Metrics(LOCAL)) as http:
        assert (await http.get("/metrics")).status_code == 200
        async with httpx.AsyncClient(trust_env=False) as other:
            with pytest.raises(httpx.TransportError):
                await other.get(f"{http.base_url}/metrics")


def test_where_they_are_served_is_said_in_the_environment() -> None:
    assert Settings.from_environment(IMAGE).metrics is None
    said = {**IMAGE, "BOARDHAND_METRICS": "0.0.0.0:9090", "BOARDHAND_METRICS_TLS": "/tls"}
    assert Settings.from_environment(said).metrics == Metrics(("0.0.0.0", 9090), tls=Path("/tls"))
    both = {**said, "BOARDHAND_METRICS_TOKEN": "/token", "BOARDHAND_METRICS_REVIEW": "true"}
    with pytest.raises(ValueError, match="exclude each other"):
        Settings.from_environment(both)
    with pytest.raises(ValueError, match="BOARDHAND_METRICS_REVIEW='yes': give true or false"):
        Settings.from_environment({**said, "BOARDHAND_METRICS_REVIEW": "yes"})


@pytest.mark.slow
def test_nothing_of_it_is_imported_unless_it_is_asked_for() -> None:
    code = "import sys, boardhand_operator.handlers, boardhand_operator.__main__; print(*sys.modules)"
    env = {**os.environ, "PYTHONPATH": ":".join(sys.path)}
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=env)
    loaded = set(done.stdout.split())
    for name in ("prometheus_client", "opentelemetry", "google.protobuf", "boardhand_operator.metrics.served"):
        assert name not in loaded
    assert "boardhand_operator.observing.watched" in loaded
