"""The command line as the pod's containers use it: exit code, termination message, one line on stderr."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from boardhand_api.failures import FailureClass, exit_code_of
from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.result import Checked, Published, Refusal, Result
from boardhand_runner import cli, errors
from boardhand_runner.settings import Settings

ORDER: dict[str, Any] = {
    "run": "run-1",
    "task": "Auto",
    "ticket": {"id": "1", "title": "Mend it"},
    "baseBranch": "main",
    "branch": "boardhand/1-mend-it",
    "large": {"provider": "openai", "name": "scripted"},
    "small": {"provider": "openai", "name": "scripted"},
    "verify": ["true"],
    "limits": {
        "steps": 5,
        "tokens": 1000,
        "deadlineSeconds": 60,
        "commandTimeoutSeconds": 10,
        "modelPatienceSeconds": 5,
    },
}


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("BOARDHAND_ROOT", str(tmp_path / "root"))
    monkeypatch.setenv("TERMINATION_LOG", str(tmp_path / "termination"))
    layout = Settings.from_environment()
    for folder in (layout.work, layout.exec, layout.serve, layout.proof, layout.home, layout.order.parent):
        folder.mkdir(parents=True)
    origin = tmp_path / "origin"
    git = ["git", "-C", str(origin), "-c", "user.name=Ann", "-c", "user.email=ann@example.org"]
    subprocess.run(["git", "init", "-q", "-b", "main", str(origin)], check=True)
    subprocess.run([*git, "commit", "-q", "--allow-empty", "-m", "first"], check=True)
    layout.order.write_text(json.dumps(ORDER | {"repository": str(origin)}))
    return layout


def test_checkout_and_publish_answer_in_the_termination_log(layout: Settings) -> None:
    assert cli.main(["checkout"]) == 0
    checked = Checked.model_validate_json(layout.termination_log.read_text())
    assert checked.failure is None
    assert len(checked.base_commit or "") == 40
    assert cli.main(["publish"]) == 0
    assert Published.model_validate_json(layout.termination_log.read_text()) == Published()


def test_a_failure_is_told_three_ways(layout: Settings, capsys: pytest.CaptureFixture[str]) -> None:
    layout.order.write_text(json.dumps(ORDER | {"repository": str(layout.root / "nowhere")}))
    assert cli.main(["checkout"]) == exit_code_of(FailureClass.CONFIGURATION)
    failure = Checked.model_validate_json(layout.termination_log.read_text()).failure
    assert failure
    assert (failure.failure_class, failure.reason) == (FailureClass.CONFIGURATION, "GitRepositoryNotFound")
    said = capsys.readouterr().err.splitlines()
    assert len(said) == 1
    assert said[0].startswith("checkout: Configuration/GitRepositoryNotFound: ")


@pytest.mark.parametrize(
    ("text", "says"), [("{", "no order"), (json.dumps(ORDER), "repository: Field required"), (None, "cannot be read")]
)
@pytest.mark.parametrize("stage", sorted(cli.COMMANDS))
def test_an_order_that_is_none_is_configuration_at_every_stage(
    layout: Settings, capsys: pytest.CaptureFixture[str], stage: Stage, text: str | None, says: str
) -> None:
    layout.order.unlink()
    if text is not None:
        layout.order.write_text(text)
    assert cli.main([stage.value]) == exit_code_of(FailureClass.CONFIGURATION)
    assert says in capsys.readouterr().err
    assert json.loads(layout.termination_log.read_text())["failure"]["class"] == "Configuration"


@pytest.mark.parametrize(
    ("result", "code"),
    [
        (Result(commit="a" * 40), 0),
        (Result(failure=errors.Budget("TokensSpent", "No token is left.").refusal()), 42),
        (Result(partial=True, failure=errors.Deadline("Late", "It took too long.").refusal()), 0),
    ],
)
def test_the_agents_result_decides_its_exit_code(
    layout: Settings, monkeypatch: pytest.MonkeyPatch, result: Result, code: int
) -> None:
    def agent(_settings: Settings, order: Order) -> Result:
        assert order.branch == "boardhand/1-mend-it"
        return result

    command = cli.Command("work the ticket", agent, lambda refusal: Result(failure=refusal))
    monkeypatch.setattr(cli, "COMMANDS", {Stage.AGENT: command})
    assert cli.run_stage(Stage.AGENT, layout) == code
    said = Result.model_validate_json(layout.termination_log.read_text())
    assert said == result.model_copy(update={"cut": False})


def test_a_program_error_is_not_taken_for_a_failure_class(layout: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_settings: Settings, _order: Order) -> Result:
        raise ZeroDivisionError

    command = cli.Command("break", broken, lambda refusal: Result(failure=refusal))
    monkeypatch.setattr(cli, "COMMANDS", {Stage.AGENT: command})
    with pytest.raises(ZeroDivisionError):
        cli.run_stage(Stage.AGENT, layout)


def test_every_class_has_its_error() -> None:
    kinds = {cls.failure_class: cls for cls in errors.RunnerError.__subclasses__()}
    assert set(kinds) == set(FailureClass)
    refusal = errors.Stuck("R" * 100, "m" * 2000).refusal()
    assert refusal == Refusal(failure_class=FailureClass.STUCK, reason="R" * 64, message="m" * 1000)


def test_a_stage_ends_at_once_when_told_to_whatever_it_waits_for() -> None:
    waits = (
        "import threading, time; from boardhand_runner import cli; cli.end_on_term();"
        "threading.Thread(target=time.sleep, args=(600,)).start(); print('up', flush=True); time.sleep(600)"
    )
    with subprocess.Popen([sys.executable, "-c", waits], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"up\n"
        process.terminate()
        assert process.wait(60) == 128 + signal.SIGTERM
