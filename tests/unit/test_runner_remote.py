"""Checkout and publish over HTTP: git's own server program behind basic authentication."""

from __future__ import annotations

import base64
import os
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from boardhand_api.order import Order
from boardhand_runner import remote
from boardhand_runner.errors import Configuration, Infrastructure
from boardhand_runner.git import Completed, Git
from boardhand_runner.remote import Remote
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout, publish
from tests.support.benches import empty

TOKEN = "to-ken-of-the-pool-0123"
MODEL = {"provider": "openai", "name": "scripted"}


class Handler(BaseHTTPRequestHandler):
    """Hands each request with the right credentials to `git http-backend`, as a web server does by CGI."""

    root: Path
    seen: list[str]

    def do_GET(self) -> None:
        expected = "Basic " + base64.b64encode(f"ann:{TOKEN}".encode()).decode()
        self.seen.append(self.path)
        if self.headers.get("Authorization") != expected:
            self.send_response(401)
            self.send_header("WWW-Authenticate", 'Basic realm="test"')
            self.send_header("Content-Length", "0")
            self.end_headers()
            return
        path, _, query = self.path.partition("?")
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        environment = {
            "PATH": os.environ["PATH"],
            "GIT_PROJECT_ROOT": str(self.root),
            "GIT_HTTP_EXPORT_ALL": "1",
            "REQUEST_METHOD": self.command,
            "PATH_INFO": path,
            "QUERY_STRING": query,
            "CONTENT_TYPE": self.headers.get("Content-Type", ""),
            "CONTENT_LENGTH": str(len(body)),
            "REMOTE_USER": "ann",
            "HTTP_CONTENT_ENCODING": self.headers.get("Content-Encoding", ""),
            "GIT_PROTOCOL": self.headers.get("Git-Protocol", ""),
        }
        done = subprocess.run(["git", "http-backend"], env=environment, input=body, capture_output=True, check=True)
        head, _, answer = done.stdout.partition(b"\r\n\r\n")
        fields = dict(line.split(": ", 1) for line in head.decode().split("\r\n"))
        self.send_response(int(fields.pop("Status", "200").split()[0]))
        for name, value in fields.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_POST = do_GET

    def log_message(self, *_: Any) -> None:
        """Says nothing."""


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    """The address below which the repository shop.git is served."""
    seed, root = tmp_path / "seed", tmp_path / "served"
    git = ["git", "-c", "user.name=Ann", "-c", "user.email=ann@example.org", "-c", "init.defaultBranch=main"]
    subprocess.run([*git, "init", "-q", "-b", "main", str(seed)], check=True)
    (seed / "app.py").write_text("x = 1\n")
    subprocess.run([*git, "-C", str(seed), "add", "."], check=True)
    subprocess.run([*git, "-C", str(seed), "commit", "-q", "-m", "first"], check=True)
    subprocess.run([*git, "clone", "-q", "--bare", str(seed), str(root / "shop.git")], check=True)
    handler = type("Bound", (Handler,), {"root": root, "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as served:
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield f"http://127.0.0.1:{served.server_port}"
        served.shutdown()
        thread.join()


@pytest.fixture
def layout(tmp_path: Path) -> Settings:
    layout = empty(tmp_path / "root")
    mount(layout, TOKEN)
    return layout


def mount(layout: Settings, token: str) -> None:
    layout.git_secret.mkdir(parents=True, exist_ok=True)
    (layout.git_secret / "username").write_text("ann")
    (layout.git_secret / "token").write_text(token)


def order_for(repository: str) -> Order:
    limits = {
        "steps": 5,
        "tokens": 1,
        "deadline_seconds": 60,
        "command_timeout_seconds": 9,
        "model_patience_seconds": 5,
    }
    return Order.model_validate(
        {
            "run": "run-1",
            "task": "Auto",
            "ticket": {"id": "1", "title": "Mend it"},
            "repository": repository,
            "base_branch": "main",
            "branch": "boardhand/1-mend-it",
            "large": MODEL,
            "small": MODEL,
            "verify": ["true"],
            "limits": limits,
        }
    )


def test_a_private_repository_is_cloned_and_pushed_and_its_token_left_nowhere(
    server: str, layout: Settings, tmp_path: Path
) -> None:
    order = order_for(f"{server}/shop.git")
    checkout.main(layout, order)
    for folder in (layout.work, layout.git_dir, layout.serve, layout.home):
        for file in folder.rglob("*"):
            assert not file.is_file() or TOKEN.encode() not in file.read_bytes(), file
    (layout.work / "app.py").write_text("x = 2\n")
    local = Git(layout, work_tree=layout.work)
    local.run("commit", "-q", "-a", "-m", "second")
    bare = tmp_path / "served" / "shop.git"
    subprocess.run(["git", "-C", str(bare), "config", "http.receivepack", "true"], check=True)
    head = publish.main(layout, order).commit
    pushed = subprocess.run(["git", "-C", str(bare), "rev-parse", order.branch], capture_output=True, text=True)
    assert pushed.stdout.strip() == head == local.text("rev-parse", "HEAD")


def test_a_wrong_token_is_configuration(server: str, layout: Settings) -> None:
    mount(layout, "outdated-token")
    with pytest.raises(Configuration, match="GitAuthenticationFailed") as caught:
        checkout.main(layout, order_for(f"{server}/shop.git"))
    assert "outdated-token" not in caught.value.message


def test_a_missing_repository_is_configuration(server: str, layout: Settings) -> None:
    with pytest.raises(Configuration, match="GitRepositoryNotFound"):
        checkout.main(layout, order_for(f"{server}/nothing.git"))


def test_a_token_that_may_not_push_is_configuration(server: str, layout: Settings, tmp_path: Path) -> None:
    order = order_for(f"{server}/shop.git")
    checkout.main(layout, order)
    (layout.work / "app.py").write_text("x = 2\n")
    Git(layout, work_tree=layout.work).run("commit", "-q", "-a", "-m", "second")
    subprocess.run(
        ["git", "-C", str(tmp_path / "served" / "shop.git"), "config", "http.receivepack", "false"], check=True
    )
    with pytest.raises(Configuration, match="GitAuthenticationFailed"):
        publish.main(layout, order)


# A network that learns of the pod after it began


@contextmanager
def late(root: Path, seconds: float) -> Iterator[str]:
    """As `server`, whose port refuses connections for so long."""
    handler = type("Bound", (Handler,), {"root": root, "seen": []})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler, bind_and_activate=False) as served:
        served.server_bind()
        thread = threading.Thread(target=served.serve_forever, kwargs={"poll_interval": 0.02})

        def come_up() -> None:
            served.server_activate()
            thread.start()

        timer = threading.Timer(seconds, come_up)
        timer.start()
        try:
            yield f"http://127.0.0.1:{served.server_port}"
        finally:
            timer.cancel()
            timer.join()
            if thread.ident:
                served.shutdown()
                thread.join()


@pytest.mark.slow
def test_a_server_that_is_reached_late_is_asked_again(server: str, layout: Settings, tmp_path: Path) -> None:
    assert server
    with late(tmp_path / "served", 0.4) as address:
        checked = checkout.main(layout, order_for(f"{address}/shop.git"))
    assert checked.base_commit
    assert (layout.work / "app.py").read_text() == "x = 1\n"


@pytest.mark.slow
def test_one_that_is_never_reached_is_given_up_soon(
    server: str, layout: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert server
    monkeypatch.setattr(remote, "FIRST_SECONDS", 0.5)
    began = time.monotonic()
    with late(tmp_path / "served", 60) as address, pytest.raises(Infrastructure, match="GitRemoteFailed"):
        checkout.main(layout, order_for(f"{address}/shop.git"))
    assert 0.25 <= time.monotonic() - began < 5


def test_who_answered_is_not_asked_again(server: str, layout: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    mount(layout, "outdated-token")
    attempt, asked = Remote.attempt, list[str]()

    def counted(self: Remote, *arguments: str, in_repository: bool = True) -> Completed:
        asked.append(arguments[0])
        return attempt(self, *arguments, in_repository=in_repository)

    monkeypatch.setattr(Remote, "attempt", counted)
    with pytest.raises(Configuration, match="GitAuthenticationFailed"):
        checkout.main(layout, order_for(f"{server}/shop.git"))
    assert asked == ["clone"]


@pytest.mark.parametrize(
    "said",
    [
        "fatal: unable to access 'http://f/': Failed to connect to f port 80 after 0 ms: Couldn't connect to server",
        "fatal: unable to access 'http://f/': Could not resolve host: f",
        "ssh: connect to host f port 22: Connection refused",
        "ssh: connect to host f port 22: No route to host",
        "ssh: Could not resolve hostname f: Temporary failure in name resolution",
    ],
)
def test_what_is_said_where_nobody_was_reached(said: str, layout: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    answers = [Completed(128, b"", said), Completed(0, b"done", "")]
    monkeypatch.setattr(Remote, "attempt", lambda *_, **__: answers.pop(0))
    monkeypatch.setattr("time.sleep", lambda _: None)
    assert Remote(layout, "http://f/").run_first("clone").text == "done"
