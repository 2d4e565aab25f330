"""The workbench and the repository as a pool may shape them: told commands, work folder, services, caches."""

from __future__ import annotations

from typing import Any

import pytest

from testbed.shell import TestbedError
from testbed.watching import condition, wait_for_pool
from tests.e2e.conftest import Scene

pytestmark = pytest.mark.e2e

Json = dict[str, Any]
_TITLE = "Cart total ignores quantity"
_FETCH = "python3 -c 'import urllib.request as r; r.urlopen(\"http://127.0.0.1:8080/\", timeout=5)'"
_CACHE = "if [ -d /boardhand/work ]; then touch /cache/x/mark; else test ! -e /cache/x/mark && touch /cache/x/own; fi"


def shaped(scene: Scene, repository: Json | None = None, **bench: Any) -> Json:
    """The scene's pool with this workbench; without verify commands unless they are given."""
    body = scene.pool()
    body["spec"]["workbench"] = {"image": body["spec"]["workbench"]["image"]} | bench
    body["spec"]["repository"] |= repository or {}
    return body


def service(scene: Scene, *command: str) -> Json:
    """A server from the workbench's own image."""
    image = scene.pool()["spec"]["workbench"]["image"]
    return {"name": "web", "image": image, "command": list(command), "ports": [8080], "readySeconds": 30}


def test_commands_are_told_from_the_repository_and_named_in_the_verdict(shop: Scene) -> None:
    shop.apply(shaped(shop))
    card, run = shop.ticket(_TITLE)
    status = run["status"]

    assert status["phase"] == "Succeeded", status
    assert status["verdict"]["commands"] == [".venv/bin/python -m pytest"]
    assert status["verdict"]["tests"]["ran"] > 0
    (pull,) = shop.pulls()
    assert ".venv/bin/python -m pytest" in pull["body"]
    assert shop.board.column_of(card) == "In Review"


def test_a_folder_without_build_files_is_the_pools_configuration(shop: Scene) -> None:
    shop.apply(shaped(shop, {"workdir": "shop"}))
    card, run = shop.ticket(_TITLE)

    assert run["status"]["failure"]["class"] == "Configuration"
    ready = condition(wait_for_pool(shop.kubectl, shop.name, "False", 30), "Ready")
    assert ready["reason"] == "NothingToVerify"
    assert "spec.workbench.verify" in ready["message"]
    assert shop.board.column_of(card) == "Sprint Backlog"


def test_service_cache_work_folder_and_sparse_paths_reach_agent_and_proof(shop: Scene) -> None:
    """The proof reaches the service, starts in the work folder, and finds nothing of what was cached before it."""
    body = shaped(
        shop,
        {"workdir": "tests", "sparse": ["shop"]},
        verify=[_FETCH, _CACHE, "test -f test_cart.py", "python3 -m pytest -q -p no:cacheprovider"],
        services=[service(shop, "python3", "-m", "http.server", "8080")],
        caches=[{"path": "/cache/x", "size": "8Mi"}],
    )
    shop.apply(body)
    _, run = shop.ticket(_TITLE)

    assert run["status"]["phase"] == "Succeeded", run["status"]
    assert run["status"]["verdict"]["tests"]["ran"] > 0


def test_a_service_that_does_not_start_is_named_with_its_last_words(shop: Scene) -> None:
    shop.apply(shaped(shop, verify=["true"], services=[service(shop, "sh", "-c", "echo no room for data; exit 3")]))
    card, run = shop.ticket(_TITLE)

    failure = run["status"]["failure"]
    assert (failure["class"], failure["reason"]) == ("Configuration", "ServiceFails")
    for words in ("service-web", "exit code 3", "no room for data"):
        assert words in failure["message"]
    assert shop.board.column_of(card) == "Sprint Backlog"


_WEB = {"name": "web", "image": "web:1"}


@pytest.mark.parametrize(
    ("where", "field", "value", "said"),
    [
        ("repository", "workdir", "../x", "spec.repository.workdir"),
        ("repository", "sparse", ["/etc"], "spec.repository.sparse"),
        ("workbench", "services", [_WEB, _WEB], "the services' names must differ"),
        ("workbench", "services", [_WEB | {"ports": [80]}], "greater than or equal to 1024"),
        ("workbench", "caches", [{"path": "/c"}], "either claim or size"),
        ("workbench", "caches", [{"path": "/c", "claim": "c", "size": "1Gi"}], "either claim or size"),
        ("workbench", "caches", [{"path": "/c", "size": "1Gi", "readOnly": True}], "only a cache with claim"),
        ("workbench", "caches", [{"path": "/boardhand/serve", "size": "1Gi"}], "must not be below /boardhand"),
        ("workbench", "caches", [{"path": "/proc", "size": "1Gi"}], "/dev, /proc or /sys"),
        ("workbench", "caches", [{"path": "/tmp", "size": "1Gi"}], "must not be /tmp"),
        ("workbench", "caches", [{"path": "/a/../b", "size": "1Gi"}], "spec.workbench.caches[0].path"),
        ("workbench", "caches", [{"path": "/c", "size": "1Gi"}] * 2, "the caches' paths must differ"),
    ],
)
def test_what_cannot_be_is_refused_by_the_api_server(
    shop: Scene, where: str, field: str, value: object, said: str
) -> None:
    body = shaped(shop)
    body["spec"][where][field] = value
    with pytest.raises(TestbedError) as refused:
        shop.kubectl.apply(body)
    assert said in str(refused.value)


def test_a_cache_in_the_home_folder_is_accepted(shop: Scene) -> None:
    caches = [{"path": "/boardhand/home/.m2", "size": "1Gi"}, {"path": "/cache/a", "claim": "a", "readOnly": True}]
    pool = shop.apply(shaped(shop, caches=caches))
    assert [cache["readOnly"] for cache in pool["spec"]["workbench"]["caches"]] == [False, True]
