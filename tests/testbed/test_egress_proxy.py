"""Squid itself with the chart's configuration: which hosts the credentials that the operator makes let a run reach."""

from __future__ import annotations

import re
import shutil
import socket
import subprocess
import tempfile
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from boardhand_operator.cluster.refusals import hosts_of
from boardhand_operator.specs.egress import password
from testbed import squid
from testbed.shell import wait_for

pytestmark = pytest.mark.slow

FILES = Path(__file__).parents[2] / "helm" / "boardhand" / "files" / "egress"
KEY = b"0123456789abcdef0123456789abcdef"
USER = "team.run-1"


class Origin(BaseHTTPRequestHandler):
    """A server outside: it answers 403 to those who ask for it."""

    def do_GET(self) -> None:
        self.send_response(403 if self.path == "/forbidden" else 200)
        self.end_headers()
        self.wfile.write(b"from outside")

    def log_message(self, format: str, *args: object) -> None:
        return


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return int(server.getsockname()[1])


@pytest.fixture(scope="module")
def origin() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Origin)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_port
    server.shutdown()


class Running:
    """Squid, listening."""

    def __init__(self, port: int, log: Path) -> None:
        self.port = port
        self.log = log

    def get(self, url: str, user: str = USER, secret: str = "") -> tuple[str, str]:
        """What curl, asked to tunnel, is told: by the proxy, and from outside."""
        proxy = f"http://{f'{user}:{secret}@' if secret else ''}127.0.0.1:{self.port}"
        command = ["curl", "--silent", "--max-time", "10", "--noproxy", "", "--proxytunnel", "--proxy", proxy]
        done = subprocess.run(
            [*command, "--write-out", "\n%{http_connect}", url], capture_output=True, text=True, env={}
        )
        body, _, code = done.stdout.rpartition("\n")
        return code, body


@pytest.fixture(scope="module")
def proxy() -> Iterator[Running]:
    """With one address closed that is not this machine's own."""
    # Squid is somebody else, who may not enter the folders that pytest makes.
    with tempfile.TemporaryDirectory(prefix="boardhand-squid-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "key").write_bytes(KEY + b"\n")
        helper = Path(shutil.copy(FILES / "allow.py", folder))
        port = free_port()
        template = (FILES / "squid.conf").read_text()
        text = squid.filled(template, port, helper, folder / "key", "169.254.0.0/16 127.0.0.9")
        process = squid.start(folder, squid.ensure_squid(), text, folder / "log")
        try:
            wait_for("Squid", lambda: _answers(port, process), 30)
            yield Running(port, folder / "log")
        finally:
            process.terminate()
            process.wait(20)


def _answers(port: int, process: subprocess.Popen[bytes]) -> bool:
    assert process.poll() is None, "Squid has ended"
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def vouched(*hosts: str, user: str = USER, key: bytes = KEY) -> str:
    return password(user, hosts, key)


def test_what_the_pool_allows_is_reached_with_credentials_and_not_without(proxy: Running, origin: int) -> None:
    url, secret = f"http://localhost:{origin}/", vouched(f"localhost:{origin}")
    assert proxy.get(url, secret=secret) == ("200", "from outside")
    assert proxy.get(url)[0] == "407"
    assert proxy.get(url, user="team.run-2", secret=secret)[0] == "407", "another's credentials"
    assert proxy.get(url, secret=vouched(f"localhost:{origin}", key=b"x" * 32))[0] == "407", "nobody vouched for them"
    listed, _, proof = vouched("other.test").partition(".")
    longer = vouched(f"localhost:{origin}").partition(".")[0]
    assert proxy.get(url, secret=f"{longer}.{proof}")[0] == "407", "a list of the run's own making"
    assert listed != longer


def test_what_the_pool_does_not_name_is_refused_and_told(proxy: Running, origin: int) -> None:
    secret = vouched("localhost:1", "*.allowed.test", "plain.test")
    refused = [
        f"localhost:{origin}",
        "allowed.test:443",
        "x.allowed.test:8443",
        "plain.test.evil.test:443",
        "127.0.0.1:80",
    ]
    for target in refused:
        assert proxy.get(f"http://{target}/", secret=secret)[0] == "403", target
    # What may be asked for is looked up, and there is no such name.
    assert proxy.get("http://x.allowed.test:443/", secret=secret)[0] in ("500", "503")
    wait_for("the log", lambda: set(refused) <= hosts_of(proxy.log.read_text(), USER), 10)
    assert "x.allowed.test:443" not in hosts_of(proxy.log.read_text(), USER)


def test_a_name_that_leads_to_a_closed_address_is_refused(proxy: Running) -> None:
    """Whoever owns a name may let it lead anywhere; addresses stand for such names here."""
    for closed in ("169.254.169.254", "127.0.0.9"):
        assert proxy.get(f"http://{closed}:80/", secret=vouched(f"{closed}:80"))[0] == "403"


def test_a_refusal_of_the_servers_own_is_none_of_the_proxys(proxy: Running, origin: int) -> None:
    code, body = proxy.get(
        f"http://localhost:{origin}/forbidden",
        secret=vouched(f"localhost:{origin}", user="team.run-9"),
        user="team.run-9",
    )
    assert (code, body) == ("200", "from outside")
    assert hosts_of(proxy.log.read_text(), "team.run-9") == set()


def test_a_list_as_long_as_may_be_is_taken(proxy: Running, origin: int) -> None:
    hosts = [f"{'a' * 50}{number:02}.test" for number in range(65)]
    assert 3500 < len(" ".join(hosts)) < 3950
    assert proxy.get(f"http://localhost:{origin}/", secret=vouched(*hosts, f"localhost:{origin}"))[0] == "200"


def test_what_the_chart_fills_in_is_all_there_is_to_fill() -> None:
    template = (FILES / "squid.conf").read_text()
    assert sorted(
        set(re.findall(r"\b[A-Z]{3,}\b", template)) - {"DST", "DNS", "REQUIRED", "HTTP", "NAME", "TCP_DENIED"}
    ) == [
        "ALLOW",
        "CLOSED",
        "KEY",
        "PORT",
        "PYTHON",
    ]
