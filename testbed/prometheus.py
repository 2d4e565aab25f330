"""Debian's Prometheus, unpacked and not installed: the server and promtool, which checks metrics, rules and queries."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import yaml

from testbed.artefact import build_once
from testbed.load.ports import free_ports
from testbed.plan import cache_dir
from testbed.shell import TestbedError, run, wait_for

Json = dict[str, Any]
_READY_SECONDS = 60


def ensure_prometheus() -> Path:
    """The folder with `prometheus` and `promtool`. Raises TestbedError where apt-get cannot fetch them."""
    return build_once(cache_dir() / "prometheus", _unpack) / "usr" / "bin"


def _unpack(into: Path) -> None:
    run(["apt-get", "-o", "APT::Sandbox::User=root", "download", "prometheus"], cwd=into)
    for package in into.glob("*.deb"):
        run(["dpkg", "-x", package, into])
        package.unlink()


def promtool(*words: str | Path, stdin: str | None = None) -> str:
    """What promtool prints. Raises TestbedError with its words where it finds something wrong."""
    return run([ensure_prometheus() / "promtool", *words], stdin=stdin, timeout=120)


class Server:
    """A Prometheus that scrapes."""

    def __init__(self, url: str) -> None:
        self._http = httpx.Client(base_url=url, trust_env=False, timeout=30)

    def ready(self) -> bool:
        try:
            return self._http.get("/-/ready").is_success
        except httpx.HTTPError:
            return False

    def query(self, expression: str) -> list[Json]:
        """The result of an instant query. Raises TestbedError with what is wrong with it."""
        answer = self._http.get("/api/v1/query", params={"query": expression})
        body: Json = answer.json()
        if body["status"] != "success":
            raise TestbedError(f"{expression}: {body.get('error')}")
        found: list[Json] = body["data"]["result"]
        return found

    def rules(self) -> list[Json]:
        """The rules that it has, with the health of each."""
        groups: list[Json] = self._http.get("/api/v1/rules").json()["data"]["groups"]
        return [rule for group in groups for rule in group["rules"]]


@contextmanager
def scraping(
    folder: Path, job: str, targets: Sequence[str], *, rules: Json | None = None, more: Mapping[str, Any] | None = None
) -> Iterator[Server]:
    """A server that scrapes these `host:port` each second. rules: groups as a PrometheusRule has them. more: of the
    scrape's configuration, such as authorization."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "rules.yaml").write_text(yaml.safe_dump(rules or {"groups": []}))
    scrape = {"job_name": job, "honor_labels": True, "static_configs": [{"targets": list(targets)}], **(more or {})}
    settings = {"scrape_interval": "1s", "scrape_timeout": "1s", "evaluation_interval": "1s"}
    configuration = {"global": settings, "rule_files": ["rules.yaml"], "scrape_configs": [scrape]}
    (folder / "prometheus.yaml").write_text(json.dumps(configuration))
    (port,) = free_ports(1)
    words = [
        f"--config.file={folder / 'prometheus.yaml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([ensure_prometheus() / "prometheus", *words], stdout=log, stderr=log)
    try:
        server = Server(f"http://127.0.0.1:{port}")

        def ready() -> bool:
            if process.poll() is not None:
                raise TestbedError(f"Prometheus has ended\n{(folder / 'log').read_text()[-2000:]}")
            return server.ready()

        wait_for("Prometheus", ready, _READY_SECONDS, every=0.1)
        yield server
    finally:
        process.terminate()
        process.wait(20)
