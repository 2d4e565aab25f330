"""Secrets in a change: whose, in what form, in what a commit holds, and what is none."""

from __future__ import annotations

import base64
import os
import socket
from pathlib import Path
from typing import NoReturn

import pytest

from boardhand_api.fingerprints import Fingerprints, fingerprints
from boardhand_runner.errors import Refused
from boardhand_runner.stages.publishing.finders import by_plugin, finders
from tests.support.pushing import Bench, bench

# Put together here, so that no scanner takes this file for a leak.
LETTERS = "a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5P6q7R8s9T0u1V2w3X4y5Z6a7B8c9D0e1F2g3H4i5J6k7L8m9N0o1P2q3R4s5"
FORMS = {
    "AWS": "AKIA" + "QWERTYUIOPASDFGH",
    "AWS secret": "aws_secret_access_key = '" + LETTERS[:40] + "'",
    "Azure": "AccountKey=" + LETTERS[:88],
    "Discord": "M" + LETTERS[:23] + "." + LETTERS[:6] + "." + LETTERS[:27],
    "GitHub": "ghp_" + LETTERS[:36],
    "GitLab": "glpat-" + LETTERS[:20],
    "Mailchimp": LETTERS[:32].lower() + "-us12",
    "OpenAI": "sk-proj-" + LETTERS[:24] + "T3BlbkFJ" + LETTERS[:24],
    "Anthropic": "sk-ant-api03-" + LETTERS[:80],
    "Google": "AIza" + LETTERS[:35],
    "npm": "npm_" + LETTERS[:36],
    "PyPI": "pypi-AgEIcHlwaS5vcmc" + LETTERS[:75],
    "SendGrid": "SG." + LETTERS[:22] + "." + LETTERS[:43],
    "Slack": "xoxb-" + "1234567890-1234567890-" + LETTERS[:24],
    "Square": "sq0csp-" + LETTERS[:43],
    "Stripe": "sk_" + "live_" + LETTERS[:24],
    "Telegram": "123456789:" + LETTERS[:35],
    "Twilio": "SK" + LETTERS[:32].lower(),
    "key": "-----BEGIN OPENSSH " + "PRIVATE KEY-----",
}
SECRET = "Xk29fjQ0aLw83mZpR71vTs5yBn46"
TOLD = fingerprints("salt", [SECRET])


@pytest.fixture
def run(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def found(data: bytes, literals: list[bytes] | None = None, told: Fingerprints = TOLD) -> list[str]:
    return [what for find in finders(literals or [], told) if (what := find(data))]


@pytest.mark.parametrize("kind", FORMS)
def test_everybodys_secrets_have_forms(kind: str) -> None:
    assert found(f"x = {FORMS[kind]}\n".encode())
    assert found(b"y" * 3000 + b" " + FORMS[kind].encode() + b" " + b"z" * 3000)


def test_the_kept_scanner_finds_more_than_our_own_patterns() -> None:
    alone = [kind for kind, form in FORMS.items() if by_plugin(form.encode()) and len(found(form.encode())) == 1]
    assert {"Azure", "Discord", "Mailchimp", "PyPI", "SendGrid", "Square", "Telegram", "Twilio"} <= {*alone}


@pytest.mark.parametrize(
    "text",
    [
        "password = 'hunter2hunter2'  # a test's",
        "assert sha256(data) == '9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08'",
        "id = '123e4567-e89b-12d3-a456-426614174000'",
        "image: registry/app@sha256:9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
        "token = 'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'",
        "AKIA" + "IOSFODNN7EXAMPLE and wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY of AWS's own pages",
        "genome = 'TTGCAAACCATCACCAATTGGTTTGGAATATTGGCACCAGGACACAGG'; x = 'ACCATTGGTTTGGAATATTGGCACCA'",
        "arn:aws:ec2::320805250157:ipam-resource-discovery-association/ipam-res-disco-assoc-04382a",
        "import sklearn as sk; sk-learn; task-force-one-hundred-and-twenty-three-and-more",
        '"integrity": "sha512-' + base64.b64encode(bytes(range(64))).decode() + '"',
        "url = 'http://user:pass@localhost:8080/'; host = '10.0.0.1'",
    ],
)
def test_ordinary_code_is_no_secret(text: str) -> None:
    assert found(text.encode()) == []


def test_no_comment_turns_the_scanner_off_and_it_asks_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object, **_options: object) -> NoReturn:
        raise AssertionError("a request")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    for kind in ("Stripe", "Slack", "Mailchimp", "Telegram", "GitHub"):
        assert by_plugin(f"{FORMS[kind]}  # pragma: allowlist secret".encode()), kind


def test_a_secret_of_another_stage_is_known_by_its_fingerprint() -> None:
    forms = {
        "plain": SECRET.encode(),
        "within": f"https://host/{SECRET}?x=1".encode(),
        "base64": base64.b64encode(f"Bearer {SECRET}".encode()),
        "shifted base64": b"x" + base64.b64encode(b"ab" + SECRET.encode()).rstrip(b"="),
        "base64 for addresses": base64.urlsafe_b64encode(b"\xff\xfe" + SECRET.encode()),
        "wide": SECRET.encode("utf-16"),
    }
    assert [form for form, data in forms.items() if found(data) != ["a secret of this pool"]] == []
    assert [form for form, data in forms.items() if found(data, told=Fingerprints())] == []
    assert found(SECRET[:-2].encode()) == []


def test_a_mounted_secret_is_known_by_its_value() -> None:
    value = b"short-and-plain"
    for data in (value, base64.b64encode(b"xx" + value + b" and more"), value.decode().encode("utf-16-le")):
        assert found(data, [value]) == ["a secret of this pool"]
    assert found(b"ab", [b"ab"]) == []


@pytest.mark.parametrize("place", ["line", "name", "message", "header", "author", "link", "removed", "base64", "merge"])
def test_a_models_key_is_not_pushed_though_publish_has_never_seen_it(run: Bench, place: str) -> None:
    git = run.agent
    if place == "line":
        run.commit({"app.py": f"key = '{SECRET}'\n"})
    elif place == "name":
        run.commit({f"docs/{SECRET}.md": "x\n"})
    elif place == "message":
        run.commit({"app.py": "x = 9\n"}, f"why\n\n{SECRET}")
    elif place in ("header", "author"):
        run.commit({"app.py": "x = 9\n"})
        raw = git.text("cat-file", "commit", "HEAD")
        about, _, message = raw.partition("\n\n")
        changed = f"{about}\nx-note {SECRET}" if place == "header" else about.replace("<boardhand@", f"<{SECRET}@", 1)
        content = f"{changed}\n\n{message}\n".encode()
        name = git.run("hash-object", "-t", "commit", "-w", "--stdin", stdin=content).text
        git.run("update-ref", "HEAD", name)
    elif place == "link":
        os.symlink(SECRET, run.layout.work / "link")
        run.commit({})
    elif place == "removed":
        run.commit({"a.txt": SECRET})
        run.commit({"a.txt": None})
    elif place == "base64":
        run.commit({"a.bin": base64.b64encode(f"key={SECRET}".encode())})
    else:
        base, side = run.head, run.commit({"side.py": "y = 1\n"})
        blob = git.run("hash-object", "-w", "--stdin", stdin=SECRET.encode()).text
        git.run("update-index", "--add", "--cacheinfo", f"100644,{blob},evil.txt")
        merge = git.text("commit-tree", "-p", side, "-p", base, "-m", "merge", git.text("write-tree"))
        git.run("update-ref", "HEAD", merge)
    before = run.refs()
    with pytest.raises(Refused, match=r"SecretFound.*a secret of this pool in ") as caught:
        run.publish(fingerprints=TOLD)
    assert SECRET not in caught.value.message or place == "name"
    assert run.refs() == before and not list(run.layout.proof.iterdir())
    assert run.publish().commit == run.head
