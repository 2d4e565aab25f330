"""What a stage's secrets never show in: the agent's events, its result, a stage's message, a traceback."""

from __future__ import annotations

import base64
import io
import json
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest

from boardhand_api.failures import FailureClass
from boardhand_api.pod import Stage
from boardhand_api.result import Refusal, Result, Usage
from boardhand_runner import cli
from boardhand_runner.errors import Configuration
from boardhand_runner.settings import Settings
from boardhand_runner.transcript import Transcript, secrets_below

KEY, TOKEN, USER = "canary-model-4Xr9KtW2", "canary-mcp-8Bv3NsQ6", "boardhand-bot"
ECHO = " ".join(
    form
    for value in (KEY, TOKEN)
    for form in (
        value,
        f"Authorization: Bearer {value}",
        quote(f"{value}/"),
        json.dumps(json.dumps({"key": value})),
        base64.b64encode(f"{USER}:{value}".encode()).decode(),
        base64.urlsafe_b64encode(value.encode()).decode(),
    )
)
"""What a command prints, an MCP server answers or a model says."""
TITLE = f"{KEY} {TOKEN}"
REFUSAL = Refusal(failure_class=FailureClass.STUCK, reason="R", message=ECHO)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("BOARDHAND_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("TERMINATION_LOG", str(tmp_path / "termination"))
    made = Settings.from_environment()
    for folder, name, value in (
        ("model-large", "apiKey", f"{KEY}\n"),
        ("mcp-tracker", "Authorization", f"Bearer {TOKEN}"),
        ("git", "username", USER),
        ("git", "knownHosts", "git.example ssh-ed25519"),
    ):
        (made.secrets / folder).mkdir(parents=True, exist_ok=True)
        (made.secrets / folder / name).write_text(value)
    return made


def assert_clean(text: str) -> None:
    for value in (KEY, TOKEN):
        assert value not in text
        for cut in range(3):
            assert base64.b64encode(b"." * cut + value.encode()).decode()[4:-4] not in text
    assert "***" in text


def test_no_event_holds_a_secret(settings: Settings) -> None:
    out = io.StringIO()
    transcript = Transcript(out, secrets_below(settings.secrets))
    transcript.started(ECHO)
    transcript.routed("coder", ECHO)
    transcript.step(1, "coder", ECHO, Usage(), [("run", ECHO), (ECHO, "{}")], [ECHO, ECHO], [ECHO, "ok"])
    transcript.nudged("gate", ECHO, ECHO)
    transcript.fell_back(ECHO, ECHO, "Down", ECHO)
    transcript.anew(ECHO)
    transcript.ended(Result(title=TITLE, summary=ECHO, failure=REFUSAL))
    said = out.getvalue()
    assert_clean(said)
    assert len([json.loads(line) for line in said.splitlines()]) == 7
    assert USER in transcript.clean(f"{USER} at git.example ssh-ed25519")


def test_no_message_of_a_stage_holds_one(settings: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    for answer in (Result(title=TITLE, summary=ECHO), Configuration("Echo", ECHO)):

        def work(*_: object, answer: Any = answer) -> Any:
            if isinstance(answer, Exception):
                raise answer
            return answer

        command = replace(cli.COMMANDS[Stage.AGENT], run=work)
        with (
            mock.patch.object(cli, "read_order", return_value=mock.Mock(message_bytes=4096)),
            mock.patch.dict(cli.COMMANDS, {Stage.AGENT: command}),
            mock.patch.object(sys, "stderr", io.StringIO()) as err,
        ):
            code = cli.main(["agent"])
            assert bool(code) == isinstance(answer, Exception)
            said = err.getvalue()
        message = settings.termination_log.read_text()
        assert_clean(message)
        assert Result.model_validate_json(message)
        if code:
            assert_clean(said)


def test_no_traceback_holds_one(settings: Settings) -> None:
    """Whatever is not caught ends the process with a traceback on standard error, which is the pod's log."""
    command = replace(cli.COMMANDS[Stage.AGENT], run=mock.Mock(side_effect=KeyError(ECHO, {"apiKey": KEY})))
    with (
        mock.patch.object(cli, "read_order", return_value=mock.Mock(message_bytes=4096)),
        mock.patch.dict(cli.COMMANDS, {Stage.AGENT: command}),
        mock.patch.object(sys, "stderr", io.StringIO()) as err,
    ):
        with pytest.raises(KeyError) as wrong:
            cli.main(["agent"])
        sys.excepthook(type(wrong.value), wrong.value, wrong.value.__traceback__)
        said = err.getvalue()
    assert "KeyError" in said
    assert_clean(said)
