"""No secret of a run is anywhere but in its Secret: every log, object, page and git object is looked through."""

from __future__ import annotations

import base64
import json
import re
import secrets
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest

from boardhand_operator.sealed.keyring import Keyring, Place
from testbed import manifests
from testbed.model.scripts import ToolCall
from testbed.redteam.cluster_ground import NAMESPACE, Ground, ground, plays
from testbed.world import SYSTEM, TRELLO_KEY, TRELLO_SECRET, TRELLO_TOKEN, World

pytestmark = pytest.mark.e2e

Json = dict[str, Any]

DUMP = (
    "{ env; cat /proc/[0-9]*/environ /proc/[0-9]*/cmdline 2>/dev/null | tr '\\0' '\\n';"
    " find / -xdev -path '*secret*' 2>/dev/null; ls -R /boardhand; find . -type f -size -60k -exec cat {} +; }"
    " | LC_ALL=C tr -cd '\\11\\12\\40-\\176'"
)
"""A verify command: it runs in the workbench, and on the proof's own volume, all of which it prints."""
LEAST = 12
"""A shorter piece of base64 could be there by chance."""


def encodings(secret: str) -> Iterator[str]:
    """The secret as it may stand somewhere: plain, in an address, in base64 wherever it begins in what was encoded."""
    yield secret
    yield quote(secret, safe="")
    for offset in range(3):
        whole = base64.b64encode(b"x" * offset + secret.encode()).decode()
        # The first and the last letters hold bits of what stands beside it.
        piece = whole[4 if offset else 0 : len(whole) - (len(whole) % 4 or 4)]
        if len(piece) >= LEAST:
            yield piece
            yield piece.translate(str.maketrans("+/", "-_"))


def found(where: Mapping[str, str], canaries: Mapping[str, str]) -> list[str]:
    """Which canary is where; a place and a name, never the secret."""
    return [
        f"{name} in {place}"
        for place, text in where.items()
        for name, secret in canaries.items()
        if any(form in text for form in encodings(secret))
    ]


@pytest.mark.parametrize("around", ["", "a", "ab", "abc"])
def test_the_search_finds_every_form(around: str) -> None:
    secret = "a-canary/of+this-test-0123"
    for text in (secret, quote(secret, safe=""), base64.b64encode(f"{around}:{secret}:z".encode()).decode()):
        assert found({"here": f"... {text} ..."}, {"it": secret}) == ["it in here"]
    assert found({"here": base64.b64encode(b"something else entirely").decode()}, {"it": secret}) == []


def test_no_secret_is_anywhere(up: World, tmp_path: Path) -> None:
    keys = _sealing_keys(up)
    ring = Keyring.parse(keys)
    planted = "-----BEGIN RSA " + f"PRIVATE KEY-----\n{base64.b64encode(secrets.token_bytes(96)).decode()}\n"
    leak = plays(
        "leaks", "publish a private key", ToolCall(name="write_file", arguments={"path": "k.pem", "content": planted})
    )
    with ground(up, [leak]) as here:
        body = here.pool()
        body["spec"]["workbench"]["verify"] = [manifests.VERIFY["python-shop"], DUMP]
        _sealed(body, ring, here)
        here.ready(body)
        runs = [
            here.ticket(title)
            for title in ("Cart total ignores quantity", "A wrong fix on purpose", "Publish a private key")
        ]
        ends = [(run["status"]["phase"], (run["status"].get("failure") or {}).get("class")) for _, run in runs]
        assert ends == [("Succeeded", None), ("Failed", "Red"), ("Failed", "Refused")]
        canaries = {
            "board key": TRELLO_KEY,
            "board token": TRELLO_TOKEN,
            "webhook secret": TRELLO_SECRET,
            "forge token": up.forge.api_token,
            "read token": up.forge.read_token,
            "push token": up.forge.push_token,
            "administrator's token": up.forge.admin_token,
            "model key": here.model_key,
            **{f"sealing key {number}": key for number, key in enumerate(keys.split())},
        }
        where = {**_objects(here), **_logs(here, [run["metadata"]["name"] for _, run in runs])}
        where |= {**_pages(here, [card for card, _ in runs]), "git objects": _git(here, tmp_path)}
        # That it was looked at at all: what must be in each place is there.
        assert "ignores quantity" in where["ticketruns"]
        assert "PATH=" in where["logs of run 0"] and "shop/cart.py" in where["logs of run 0"]
        assert "Boardhand took this ticket" in where["card 0"]
        assert "Verify **passed**" in where["pull requests"]
        assert "def " in where["git objects"]
        assert here.name in where["operator's log"]
        assert found(where, canaries) == []


def _sealed(body: Json, ring: Keyring, here: Ground) -> None:
    """Every credential of the pool sealed, as it would stand in Git: none of its Secrets is referred to any more."""
    spec, forge = body["spec"], here.world.forge

    def put(part: Json, ref: str, field: str, place: str, values: Json) -> None:
        del part[ref]
        part[field] = {
            key: ring.seal(Place(NAMESPACE, here.name, f"{place}.{key}"), value) for key, value in values.items()
        }

    trello = {"key": TRELLO_KEY, "token": TRELLO_TOKEN, "webhookSecret": TRELLO_SECRET}
    put(spec["board"], "secretRef", "sealed", "board", trello)
    put(spec["forge"], "secretRef", "sealed", "forge", {"token": forge.api_token})
    for which, token in (("read", forge.read_token), ("push", forge.push_token)):
        values = {"username": forge.bot_user, "token": token}
        put(spec["repository"], f"{which}SecretRef", f"{which}Sealed", f"repository.{which}", values)
    for size, model in spec["models"].items():
        put(model, "secretRef", "sealed", f"models.{size}", {"apiKey": here.model_key})
    assert "ecretRef" not in json.dumps(body)


def _sealing_keys(up: World) -> str:
    secret = up.kubectl(SYSTEM).get("secret", "boardhand-sealing") or {}
    return base64.b64decode(secret["data"]["keys"]).decode()


def _objects(here: Ground) -> dict[str, str]:
    """All that the API server holds in the namespaces but Secrets, as it is stored."""
    out: dict[str, str] = {}
    kinds = here.kubectl("api-resources", "--namespaced", "--verbs=list", "-o", "name").split()
    for kind in sorted(set(kinds) - {"secrets"}):
        for space in (NAMESPACE, SYSTEM):
            text = here.world.kubectl(space)("get", kind, "-o", "json", "--show-managed-fields")
            out[kind.partition(".")[0]] = out.get(kind.partition(".")[0], "") + text
    out["pods as described"] = here.kubectl("describe", "pods,jobs,ticketruns,codingagents")
    return out


def _logs(here: Ground, runs: list[str]) -> dict[str, str]:
    out = {f"logs of run {number}": here.logs(run) for number, run in enumerate(runs)}
    system = here.world.kubectl(SYSTEM)
    said = [
        system("logs", pod["metadata"]["name"], "--all-containers", "--tail=-1", timeout=120)
        for pod in system.list("pods")
    ]
    return out | {"operator's log": "\n".join(said)}


def _pages(here: Ground, cards: list[str]) -> dict[str, str]:
    """The cards with what was said on them, the board's page, the pull requests with theirs."""
    board = here.world.board()
    out = {f"card {number}": "\n".join(board.comments(card)) for number, card in enumerate(cards)}
    with httpx.Client(timeout=20, trust_env=False) as http:
        for path in ("/", "/_testbed/board.json"):
            out[f"board page {path}"] = http.get(here.world.trello_url + path, follow_redirects=True).text
        info = here.world.forge
        http.headers["Authorization"] = f"token {info.admin_token}"
        base = f"{info.base_url}/api/v1/repos/{info.organisation}/{here.repository}"
        pulls = http.get(f"{base}/pulls?state=all").json()
        said = [http.get(f"{base}/issues/{pull['number']}/comments").text for pull in pulls]
        html = [http.get(pull["html_url"]).text for pull in pulls]
    assert len(pulls) == 2
    return out | {"pull requests": "\n".join([json.dumps(pulls), *said, *html])}


def _git(here: Ground, folder: Path) -> str:
    """Every object of the repository, whatever refers to it."""
    info, clone = here.world.forge, folder / "clone.git"
    url = f"{info.base_url}/{info.organisation}/{here.repository}.git"
    token = base64.b64encode(f"{info.admin_user}:{info.admin_token}".encode()).decode()
    signed_in = ["git", "-c", f"http.extraHeader=Authorization: Basic {token}"]
    subprocess.run([*signed_in, "clone", "--quiet", "--mirror", url, clone], check=True, timeout=60)
    read = ["git", "-C", str(clone), "cat-file", "--batch-all-objects", "--batch"]
    text = subprocess.run(read, check=True, capture_output=True, timeout=60).stdout.decode("utf-8", "replace")
    refs = subprocess.run(["git", "-C", str(clone), "show-ref"], check=True, capture_output=True, text=True).stdout
    assert re.search("refs/heads/boardhand/", refs)
    return text + refs
