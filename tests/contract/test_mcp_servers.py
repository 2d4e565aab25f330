"""The pool's MCP servers, honest and hostile, as real processes and over real HTTP."""

from __future__ import annotations

import datetime
import ipaddress
import json
import logging
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from mcp.types import Tool

from boardhand_api.failures import FailureClass
from boardhand_api.mcp_servers import McpServer
from boardhand_runner.errors import Configuration, Infrastructure
from boardhand_runner.fifo_workbench import FifoWorkbench
from boardhand_runner.history import ANALYST, BUGFIXER, CODER, Outcome
from boardhand_runner.settings import Settings
from boardhand_runner.tools import mcp_session, mcp_transport
from boardhand_runner.tools.bounds import RESULT_CHARACTERS
from boardhand_runner.tools.catalog import Catalog, catalogs
from boardhand_runner.tools.command import Bench
from boardhand_runner.tools.files import WorkTree
from boardhand_runner.tools.jobs import Jobs
from boardhand_runner.tools.map import RepositoryMap
from boardhand_runner.tools.mcp_servers import DESCRIPTION_CHARACTERS, adapted, fitting, pool_tools
from boardhand_runner.tools.mcp_session import Held, Transport
from boardhand_runner.usage import Ledger
from tests.support import hostile_mcp_server
from tests.support.benches import LIMITS, lay_out
from tests.support.hostile_mcp_server import INJECTION
from tests.support.mcp_server import FILE, notes, serving
from tests.support.runs import EDIT, FILES, FINISH, Run
from tests.support.scripted import calls

pytestmark = pytest.mark.slow

TOKEN = "Bearer token-123456"


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    found = Settings(root=tmp_path)
    found.home.mkdir()
    return found


@pytest.fixture(autouse=True)
def quiet(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Servers in this process configure logging, which nobody is to read; nor to wait for those that will not end."""
    monkeypatch.setattr(mcp_transport, "END_SECONDS", 0.1)
    handlers = list(logging.getLogger().handlers)
    yield
    logging.getLogger().handlers[:] = handlers


def honest(*tools: str, **more: Any) -> McpServer:
    return McpServer(name="notes", command=[sys.executable, str(FILE)], tools=list(tools), **more)


def hostile(kind: str, *tools: str, **more: Any) -> McpServer:
    command = [sys.executable, "-S", str(hostile_mcp_server.FILE), kind]
    return McpServer(name="notes", command=command, tools=list(tools), **more)


def give_secret(settings: Settings, **values: str) -> None:
    folder = settings.secrets / "mcp-notes"
    folder.mkdir(parents=True)
    for name, value in values.items():
        (folder / name).write_text(f"{value}\n")


async def test_a_stdio_server_sees_what_it_is_given_and_nothing_else(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    give_secret(settings, NOTES_KEY="key-123456")
    monkeypatch.setenv("OPENAI_API_KEY", "sk-never")
    monkeypatch.setenv("USER", "somebody")
    server = honest("surroundings", "add", env={"PLAIN": "1"})
    async with pool_tools(settings, [server]) as tools:
        catalog = Catalog(tools[CODER])
        seen = json.loads((await catalog.call("notes_surroundings", {})).text)
        added = await catalog.call("notes_add", {"one": 1, "other": 2, "config": "!"})
        refused = await catalog.call("notes_remove", {})
        wrong = await catalog.call("notes_add", {"one": "many"})

    assert set(tools) == {CODER, BUGFIXER}
    assert catalog.names == ["notes_surroundings", "notes_add"]
    assert set(seen["environment"]) == {"PATH", "HOME", "LANG", "PLAIN", "NOTES_KEY"}
    assert seen["environment"]["NOTES_KEY"] == "key-123456"
    assert seen["environment"]["HOME"] == seen["folder"]
    assert seen["folder"].startswith(str(settings.home))
    assert (added.text, added.outcome) == ("3!", Outcome.DONE)
    assert refused.outcome is Outcome.UNKNOWN
    assert wrong.outcome is Outcome.FAILED


async def test_a_hostile_server_reaches_nobody(settings: Settings, capfd: pytest.CaptureFixture[str]) -> None:
    harmful = ["inject", "lie", "shout", "gibberish", "huge", "larger"]
    async with pool_tools(settings, [hostile("serve", *harmful, "slow", call_timeout_seconds=1)]) as tools:
        catalog = Catalog(tools[CODER])
        told = {name: await catalog.call(f"notes_{name}", {}) for name in harmful}
        after = await catalog.call("notes_inject", {})
        slow = await catalog.call("notes_slow", {})

    assert all(len(tool.description) < DESCRIPTION_CHARACTERS + 80 for tool in tools[CODER])
    assert {told[name].text for name in ("inject", "shout", "gibberish")} == {INJECTION}
    assert told["lie"].outcome is Outcome.FAILED
    assert slow.text == "Error: slow of notes was given up after 1 s."
    assert len(told["huge"].text) < RESULT_CHARACTERS + 80
    assert "was started again" in told["larger"].text
    assert after.text == INJECTION
    assert capfd.readouterr() == ("", "")


async def test_a_server_that_keeps_ending_is_infrastructure(settings: Settings) -> None:
    async with pool_tools(settings, [hostile("serve", "crash")]) as tools:
        catalog = Catalog(tools[CODER])
        first = await catalog.call("notes_crash", {})
        with pytest.raises(Infrastructure, match=r"McpServerLost.* notes ended once more"):
            await catalog.call("notes_crash", {})

    assert first.outcome is Outcome.FAILED
    assert "ended during crash" in first.text


@pytest.mark.parametrize(
    ("server", "reason", "said"),
    [
        (hostile("broken", "add"), "McpServerFailed", "no licence found"),
        (hostile("flood", "add"), "McpServerFailed", "notes"),
        (
            hostile("serve", "inject", "subtract"),
            "McpToolMissing",
            "no subtract; it has crash, gibberish, huge,",
        ),
        (hostile("serve", "misfit"), "McpToolUnfit", "its schema is longer"),
        (McpServer(name="notes", command=["/no/such/program"], tools=["add"]), "McpServerFailed", "No such file"),
        (McpServer(name="notes", url="http://127.0.0.1:9/mcp", tools=["add"]), "McpServerFailed", "notes"),
    ],
)
async def test_a_server_that_is_not_as_the_pool_says_is_configuration(
    settings: Settings, server: McpServer, reason: str, said: str
) -> None:
    with pytest.raises(Configuration, match=said) as raised:
        async with pool_tools(settings, [server]):
            pass
    assert raised.value.reason == reason
    assert "notes" in raised.value.message


async def test_a_server_that_never_answers_is_given_up(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mcp_session, "START_SECONDS", 0.3)
    began = time.monotonic()
    with pytest.raises(Configuration, match="McpServerFailed"):
        async with pool_tools(settings, [McpServer(name="mute", command=["sleep", "60"], tools=["add"])]):
            pass
    assert time.monotonic() - began < 10


async def test_a_server_that_fails_does_not_wait_for_one_that_never_answers(settings: Settings) -> None:
    mute = McpServer(name="mute", command=["sleep", "60"], tools=["add"])
    began = time.monotonic()
    with pytest.raises(Configuration, match="no licence found"):
        async with pool_tools(settings, [hostile("broken", "add"), mute]):
            pass
    assert time.monotonic() - began < 10


async def test_a_server_over_http_gets_its_headers(settings: Settings) -> None:
    give_secret(settings, Authorization=TOKEN)
    with serving(notes(), TOKEN) as (url, app):
        server = McpServer(name="notes", url=url, tools=["add"], read_only=True)
        async with pool_tools(settings, [server]) as tools:
            catalog = Catalog(tools[ANALYST])
            added = await catalog.call("notes_add", {"one": 1, "other": 2})

    assert added.text == "3"
    assert {headers["authorization"] for headers in app.seen} == {TOKEN}


async def test_a_refused_header_is_configuration_without_its_value(settings: Settings) -> None:
    give_secret(settings, Authorization="Bearer wrong-123456")
    with serving(notes(), TOKEN) as (url, _), pytest.raises(Configuration) as raised:
        async with pool_tools(settings, [McpServer(name="notes", url=url, tools=["add"])]):
            pass
    assert raised.value.reason == "McpServerFailed"
    assert "wrong-123456" not in raised.value.message


async def test_answers_over_http_are_bounded_too(settings: Settings) -> None:
    with serving(notes()) as (url, _):
        server = McpServer(name="notes", url=url, tools=["repeat"])
        async with pool_tools(settings, [server]) as tools:
            catalog = Catalog(tools[CODER])
            huge = await catalog.call("notes_repeat", {"characters": 1_000_000})
            too_much = await catalog.call("notes_repeat", {"characters": 5_000_000})
            after = await catalog.call("notes_repeat", {"characters": 3})

    assert len(huge.text) < RESULT_CHARACTERS + 80
    assert too_much.outcome is Outcome.FAILED
    assert after.text == "xxx"


async def test_the_pools_certificates_are_what_is_trusted(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bundle = tmp_path / "own.pem"
    bundle.write_bytes(_self_signed())
    with serving(notes(), ssl_certfile=str(bundle), ssl_keyfile=str(bundle)) as (url, _):
        server = McpServer(name="notes", url=url, tools=["add"])
        with pytest.raises(Configuration, match=r"McpServerFailed.*(?i:certificate)"):
            async with pool_tools(settings, [server]):
                pass
        monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
        async with pool_tools(settings, [server]) as tools:
            assert (await Catalog(tools[CODER]).call("notes_add", {"one": 1, "other": 2})).text == "3"


def _self_signed() -> bytes:
    """Key and certificate of localhost."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    names = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]
    now = datetime.datetime.now(datetime.UTC)
    builder = x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
    builder = builder.not_valid_before(now - datetime.timedelta(1)).not_valid_after(now + datetime.timedelta(1))
    builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    builder = builder.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    private = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return private + builder.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)


@pytest.mark.parametrize(("key", "server"), [("a.b", honest("add")), ("a_b", "http")])
async def test_a_secrets_key_that_names_nothing_is_configuration(settings: Settings, key: str, server: Any) -> None:
    give_secret(settings, **{key: "x"})
    if server == "http":
        server = McpServer(name="notes", url="http://127.0.0.1:9/mcp", tools=["add"])
    with pytest.raises(Configuration, match=f"McpSecretWrong.*{key}"):
        async with pool_tools(settings, [server]):
            pass


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "string"},
        {"type": "object", "properties": ["one"]},
        {"type": "object", "properties": {"one": True}},
        {"type": "object", "properties": {"one; drop": {"type": "string"}}},
        {"type": "object", "properties": {"one": {"type": "string", "description": "x" * 10_000}}},
    ],
)
def test_a_schema_that_no_provider_takes_is_configuration(schema: dict[str, Any]) -> None:
    with pytest.raises(Configuration, match=r"McpToolUnfit.*add of MCP server notes"):
        fitting("notes", Tool(name="add", input_schema=schema))


async def test_a_name_that_is_there_already_is_configuration(settings: Settings) -> None:
    server = McpServer(name="notes", url="http://notes.test", tools=["add"])
    twice = [adapted(Held(server, Transport(settings, server)), Tool(name="add", input_schema={"type": "object"}))] * 2
    workbench, ledger = FifoWorkbench(_with_exec(settings)), Ledger(LIMITS)
    bench = Bench(workbench, ledger, [])
    jobs = Jobs(workbench, ledger, bench.set_up_again)
    with pytest.raises(Configuration, match=r"McpToolClash.*notes_add"):
        catalogs(WorkTree(settings), RepositoryMap(settings), bench, 1, [], {CODER: twice}, jobs)


def _with_exec(settings: Settings) -> Settings:
    settings.exec.mkdir()
    return settings


def test_a_ticket_is_worked_with_a_servers_tool_and_its_secret_stays_out_of_the_log(tmp_path: Path) -> None:
    run = Run(lay_out(tmp_path / "run", FILES))
    give_secret(run.settings, NOTES_KEY="key-123456")
    look = calls(("notes_surroundings", {}))
    result = run([look, EDIT, FINISH], mcp_servers=[honest("surroundings")])

    assert result.failure is None
    assert "notes_surroundings" in run.large.offered[0]
    assert "key-123456" in run.said_to_large(1)
    assert "notes_surroundings" in run.log
    assert "key-123456" not in run.log


def test_a_server_that_does_not_start_ends_the_run_as_configuration(tmp_path: Path) -> None:
    run = Run(lay_out(tmp_path / "run", FILES))
    result = run([FINISH], mcp_servers=[hostile("broken", "inject")])

    assert result.failure is not None
    assert (result.failure.failure_class, result.failure.reason) == (FailureClass.CONFIGURATION, "McpServerFailed")
