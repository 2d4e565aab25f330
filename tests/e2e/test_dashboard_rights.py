"""The dashboard on the real cluster: it can read nothing itself, people see what they may, a proxy's word is enough."""

from __future__ import annotations

import time
from collections.abc import Iterator

import httpx
import pytest

from testbed import chart, dashboard, manifests
from testbed.cluster import layout
from testbed.dashboard import HISTORY_ACCOUNT, Dashboard, hidden
from testbed.rights import Right, calls, compare, grants
from testbed.world import NAMESPACES, SYSTEM, World
from tests.e2e.conftest import NAMESPACE

pytestmark = pytest.mark.e2e
SECONDS = 60
PROXY_SECRET = "what-the-proxy-of-the-testbed-sends"
DANA = "dana@example.com"
ELSEWHERE = {
    Right("boardhand.dev", "codingagents", "get"),
    Right("boardhand.dev", "ticketruns", "get"),
    Right("", "pods", "list"),
    Right("", "pods/log", "get"),
}
"""What the recorder needs once runs end."""


@pytest.fixture(scope="module")
def shown(up: World) -> Dashboard:
    return dashboard.up(up)


def test_people_see_what_they_may(shown: Dashboard) -> None:
    seen = {}
    for person in shown.tokens:
        with shown.signed_in(person) as browser:
            seen[person] = [browser.get(f"/ns/{name}/pools").status_code for name in NAMESPACES]
    assert seen == {"owner": [200, 200], "developer": [403, 200], "onlooker": [200, 403]}


def test_a_button_that_was_not_shown_does_nothing(shown: Dashboard) -> None:
    with shown.signed_in("onlooker") as browser:
        csrf = hidden(browser.get("/").text, "csrf")
        refused = browser.post(f"/ns/{NAMESPACES[0]}/pools/any/suspend", data={"csrf": csrf})
    assert refused.status_code == 403
    assert "cannot patch resource" in refused.text


def test_who_was_not_let_in_sees_nothing(shown: Dashboard) -> None:
    with shown.browser() as browser:
        door = hidden(browser.get("/login").text, "door")
        form = {"door": door, "token": "nobody.knows.this"}
        assert browser.post("/login", data=form, headers={"Origin": shown.address}).status_code == 401
        assert browser.get(f"/ns/{NAMESPACE}/pools").status_code == 303


def test_its_container_has_no_token(up: World, shown: Dashboard) -> None:
    words = ("exec", "deploy/boardhand-dashboard", "-c", "dashboard", "--", "/opt/boardhand/bin/python", "-c")
    program = "import pathlib; print(pathlib.Path('/var/run/secrets').exists())"
    assert up.kubectl(SYSTEM)(*words, program).strip() == "False"


def test_the_recorder_asks_for_what_the_chart_gives(up: World, shown: Dashboard) -> None:
    log = layout.logs(up.plan) / "audit.log"
    if not log.exists():
        print("not compared: this cluster's API server writes no audit log that is to be read here")
        return
    wanted = {Right("boardhand.dev", "ticketruns", verb) for verb in ("list", "watch")}
    deadline = time.monotonic() + SECONDS
    while not wanted <= {call.right for call in calls(log, HISTORY_ACCOUNT)} and time.monotonic() < deadline:
        time.sleep(0.5)
    values = {"watchNamespaces": list(NAMESPACES), "dashboard": {"enabled": True}}
    given = grants(chart.rendered(SYSTEM, values), f"{chart.RELEASE}-history")
    found = compare(given, calls(log, HISTORY_ACCOUNT))
    assert found.beyond == []
    assert sorted(set(found.unused) - ELSEWHERE) == []
    assert calls(log, f"system:serviceaccount:{SYSTEM}:{chart.RELEASE}-dashboard") == set()


@pytest.fixture
def proxied(up: World) -> Iterator[Dashboard]:
    kubectl = up.kubectl(SYSTEM)
    kubectl.apply(manifests.secret(SYSTEM, "dashboard-proxy", secret=PROXY_SECRET))
    up.kubectl(NAMESPACE).apply(_lets(DANA))
    yield dashboard.up(up, auth="proxy", proxy={"secret": "dashboard-proxy", "users": [DANA]})
    dashboard.up(up)


def test_a_proxy_names_people_who_have_their_own_rights(proxied: Dashboard) -> None:
    its, user = "X-Boardhand-Proxy", "X-Forwarded-User"
    said = {its: PROXY_SECRET, user: DANA}
    asked = [
        (NAMESPACE, said, httpx.codes.OK),
        (NAMESPACES[0], said, httpx.codes.FORBIDDEN),
        (NAMESPACE, said | {its: "guessed"}, httpx.codes.UNAUTHORIZED),
        # The account may be dana and nobody else.
        (NAMESPACE, said | {user: "eve@example.com"}, httpx.codes.FORBIDDEN),
    ]
    for namespace, headers, status in asked:
        with proxied.browser() as browser:
            assert browser.get(f"/ns/{namespace}/pools", headers=headers).status_code == status


def _lets(user: str) -> dict[str, object]:
    api = "rbac.authorization.k8s.io"
    role = {"apiGroup": api, "kind": "Role", "name": "dashboard-developer"}
    return {
        "apiVersion": f"{api}/v1",
        "kind": "RoleBinding",
        "metadata": {"name": "dashboard-dana", "namespace": NAMESPACE},
        "roleRef": role,
        "subjects": [{"apiGroup": api, "kind": "User", "name": user}],
    }
