"""What publish writes of the change to its log: git's own words of what was pushed, bounded, and no line of anybody
else's. All with the real stage."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from boardhand_api.events import DIFF_BYTES, EVENT_BYTES, DiffPiece, parse_diff
from boardhand_runner.errors import Refused
from boardhand_runner.stages import publish
from boardhand_runner.stages.publishing import diff
from tests.support.pushing import Bench, bench, git


@pytest.fixture
def run(tmp_path: Path) -> Bench:
    return bench(tmp_path)


def published(run: Bench) -> list[DiffPiece]:
    """The pieces in the stage's log, which holds nothing else."""
    out = io.StringIO()
    publish.main(run.layout, run.order, out)
    lines = out.getvalue().split("\n")
    assert lines.pop() == ""
    assert all(len(line.encode()) < EVENT_BYTES for line in lines)
    assert len(out.getvalue().encode()) <= DIFF_BYTES
    found = [parse_diff(line) for line in lines]
    pieces = [piece for piece in found if piece]
    assert len(pieces) == len(lines)
    assert [(piece.number, piece.of) for piece in pieces] == [(n, len(pieces)) for n in range(1, len(pieces) + 1)]
    assert not any(piece.cut for piece in pieces[:-1])
    return pieces


def text_of(pieces: list[DiffPiece]) -> str:
    return "".join(piece.text for piece in pieces)


def test_it_is_what_git_says_of_the_base_and_the_pushed_commit(run: Bench) -> None:
    head = run.commit({"app.py": "x = 9\n", "new.py": "y = 'ü'\n"})
    (piece,) = published(run)
    assert not piece.cut
    said = git(run.origin, "diff", "main", head)
    assert piece.text.strip() == said
    assert "+x = 9\n" in piece.text
    assert "+y = 'ü'\n" in piece.text


@pytest.mark.slow
def test_it_is_of_the_commit_that_the_work_began_from_though_the_base_moved_on(run: Bench) -> None:
    run.commit({"app.py": "x = 9\n"})
    run.person_pushes("main", {"other.py": "y = 1\n"})
    assert "other.py" not in text_of(published(run))


@pytest.mark.slow
def test_renames_are_found_and_binary_files_are_only_named(run: Bench) -> None:
    run.commit({"app.py": None, "shop/app.py": "x = 2\n", "logo.png": b"\x89PNG\0\0" + bytes(range(256))})
    text = text_of(published(run))
    assert "rename from app.py\nrename to shop/app.py\n" in text
    assert "Binary files /dev/null and b/logo.png differ\n" in text
    assert "PNG" not in text


@pytest.mark.slow
def test_nothing_of_the_repository_says_how_a_change_is_shown(run: Bench) -> None:
    """Attributes and configuration of the agent's repository, and attributes of the commit, are not heeded."""
    for key, value in {
        "diff.external": "echo planted",
        "diff.x.command": "echo planted",
        "diff.x.textconv": "echo planted",
        "color.ui": "always",
        "color.diff": "always",
        "diff.noprefix": "true",
        "diff.renames": "false",
    }.items():
        run.agent.run("config", key, value)
    (run.layout.git_dir / "info").mkdir(exist_ok=True)
    (run.layout.git_dir / "info" / "attributes").write_text("* diff=x\n")
    run.commit({".gitattributes": "*.py diff=x\n*.txt binary\n", "app.py": "x = 9\n", "a.txt": "shown\n"})
    text = text_of(published(run))
    assert "+x = 9\n" in text
    assert "+shown\n" in text
    assert "planted" not in text
    assert "\x1b" not in text


def test_nothing_in_a_file_is_a_line_of_the_log(run: Bench) -> None:
    forged = json.dumps({"event": "diff", "number": 1, "of": 1, "text": "forged"})
    wild = f"{forged}\r\n\x1b[2J\x85{forged}\u2028{forged}\u202e\x9b31m\x0c{forged}\n"
    run.commit({"a.txt": wild, "b.txt": f"{forged}\n", "c\nd\x1b[2J.txt": "x\n"})
    out = io.StringIO()
    publish.main(run.layout, run.order, out)
    (line,) = out.getvalue().rstrip("\n").split("\n")
    assert len(line.splitlines()) == 1
    assert line.isprintable()
    piece = parse_diff(line)
    assert piece and "".join(f"+{part}\n" for part in wild.rstrip("\n").split("\n")) in piece.text


@pytest.mark.slow
def test_bytes_that_are_no_text_are_shown_as_such(run: Bench) -> None:
    run.commit({"latin.txt": b"caf\xe9\n", b"n\xe9.txt".decode("utf-8", "surrogateescape"): "x\n"})
    text = text_of(published(run))
    assert "+caf\ufffd\n" in text


@pytest.mark.slow
def test_a_large_change_is_cut_and_says_so(run: Bench) -> None:
    run.commit({"big.txt": "".join(f"line {number} of a file\n" for number in range(60_000))})
    pieces = published(run)
    assert pieces[-1].cut
    assert len(pieces) >= 8
    text = text_of(pieces)
    assert text.endswith("of a file\n")
    assert len(text) > DIFF_BYTES * 0.85


@pytest.mark.slow
def test_a_line_without_end_is_shared_out(run: Bench) -> None:
    line = "€\x1b" * 30_000
    run.commit({"one.txt": line})
    assert f"+{line}\n\\ No newline at end of file\n" in text_of(published(run))


def test_nothing_is_written_where_nothing_was_pushed(run: Bench) -> None:
    assert published(run) == []


def test_nothing_is_written_where_the_change_was_refused(run: Bench) -> None:
    out = io.StringIO()
    key = "-----BEGIN RSA PRIVATE " + "KEY-----"
    for content, refusal in ((f"{key}\n", "SecretFound"), ("x" * 3_000_000, "FileTooLarge")):
        run.commit({"key.pem": content})
        with pytest.raises(Refused, match=refusal):
            publish.main(run.layout, run.order.model_copy(update={"file_bytes": 2_000_000}), out)
    assert out.getvalue() == ""


@pytest.mark.slow
def test_nothing_is_written_where_the_push_was_refused(run: Bench) -> None:
    hook = run.origin / "hooks" / "pre-receive"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\nexit 1\n")
    hook.chmod(0o755)
    run.commit({"app.py": "x = 9\n"})
    out = io.StringIO()
    with pytest.raises(Refused, match="PushRefused"):
        publish.main(run.layout, run.order, out)
    assert out.getvalue() == ""


def test_a_secret_that_was_there_before_is_blotted_out(run: Bench) -> None:
    """Whoever takes it away does right, and the log need not say what it was."""
    mounted, body = "s3cr3t-mounted-value", "MIIEowIBAAKCAQEA1234567890"
    token = "ghp_" + "a1B2" * 9
    key = f"-----BEGIN RSA PRIVATE {'KEY'}-----\n{body}\n-----END RSA PRIVATE {'KEY'}-----\n"
    head = run.person_pushes(
        "main",
        {"old.txt": f"a\n{token}\nb\n{mounted}\nc\n", "near.txt": f"one\n{token}\ntwo\n", "key.pem": f"{key}x\n"},
    )
    git(run.layout.work, "fetch", "-q", str(run.origin), head)
    run.agent.run("reset", "-q", "--hard", head)
    run.agent.run("update-ref", "refs/boardhand/base", head)
    secret = run.layout.secrets / "git"
    secret.mkdir(parents=True, exist_ok=True)
    (secret / "token").write_text(mounted)
    run.commit({"old.txt": "a\nb\nc\n", "near.txt": f"one\n{token}\n2\n", "key.pem": None})
    text = text_of(published(run))
    assert mounted not in text
    assert token not in text
    assert body not in text
    assert "\n-***\n" in text
    assert "\n ***\n-two\n+2\n" in text
    assert "\n-x\n" in text


@pytest.mark.slow
def test_what_cannot_be_shown_is_pushed_all_the_same(
    run: Bench, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(diff, "_OPTIONS", ("--no-such-option",))
    head, out = run.commit({"app.py": "x = 9\n"}), io.StringIO()
    assert publish.main(run.layout, run.order, out).commit == head
    assert run.refs()["refs/heads/boardhand/1-mend-it"] == head
    assert out.getvalue() == ""
    assert "pushed, and cannot be shown here: git diff ended with" in capsys.readouterr().err


@pytest.mark.slow
@given(st.lists(st.text(st.characters(codec="utf-8"), min_size=1, max_size=80), max_size=40), st.integers(1, 30_000))
@settings(deadline=None, max_examples=25)
def test_pieces_are_the_text_within_their_bounds(lines: list[str], times: int) -> None:
    whole = [line * times for line in lines]
    pieces = diff.pieces(whole)
    text = "".join(piece.text for piece in pieces)
    assert "".join(whole).startswith(text)
    cut = bool(pieces) and pieces[-1].cut
    assert cut == (text != "".join(whole))
    sizes = [len(diff._line(piece).encode()) + 1 for piece in pieces]
    assert max(sizes, default=0) < EVENT_BYTES
    assert sum(sizes) <= DIFF_BYTES
