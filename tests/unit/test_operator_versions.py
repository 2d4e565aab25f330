"""What other versions of operator and runner wrote: samples of each are read for ever, and what is too new says so."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

from boardhand_api.events import Ended, last_result, parse_event
from boardhand_api.failures import FailureClass, exit_code_of
from boardhand_api.order import ORDER_VERSION, Order
from boardhand_api.pod import Stage
from boardhand_api.result import RESULT_VERSION, Checked, Published, Result
from boardhand_api.versions import newer
from boardhand_operator.decide.outcome import judge
from boardhand_operator.specs.order import build_order
from boardhand_runner import cli
from boardhand_runner.settings import Settings
from tests.support.objects import a_pool, a_run, ended, job_body, pod_body

SAMPLES = Path(__file__).parents[1] / "support" / "samples"
KINDS: dict[str, type[BaseModel]] = {"order": Order, "result": Result, "published": Published, "checked": Checked}
VERIFY = ["npm test"]
Json = dict[str, Any]


def sample(version: str, name: str) -> Json:
    loaded: Json = json.loads((SAMPLES / version / f"{name}.json").read_text())
    return loaded


def of_it(wrote: Any, read: Any) -> Any:
    """What was read, without the fields that the former version did not know."""
    if isinstance(wrote, dict) and isinstance(read, dict):
        return {key: of_it(value, read[key]) for key, value in wrote.items()}
    return read


@pytest.mark.parametrize("version", sorted(folder.name for folder in SAMPLES.iterdir()))
@pytest.mark.parametrize("name", KINDS)
def test_what_a_former_version_wrote_is_understood(version: str, name: str) -> None:
    """Nothing of it gets lost or changes its name."""
    wrote = sample(version, name)
    read = KINDS[name].model_validate(wrote).model_dump(mode="json", by_alias=True, exclude_none=True)
    assert of_it(wrote, read) == wrote


def test_every_version_there_was_has_its_samples() -> None:
    present = max(ORDER_VERSION, RESULT_VERSION)
    assert {folder.name for folder in SAMPLES.iterdir()} == {f"v{number}" for number in range(1, present + 1)}


@pytest.mark.parametrize("version", sorted(folder.name for folder in SAMPLES.iterdir()))
def test_a_former_versions_log_ends_with_its_result(version: str) -> None:
    log = (SAMPLES / version / "agent.log").read_text()
    assert all(parse_event(line) for line in log.splitlines())
    result = last_result(log)
    assert result and (result.specialist, result.steps, result.usage.prompt_tokens) == ("bugfixer", 60, 1200)


def test_unknown_fields_and_kinds_of_events_are_ignored() -> None:
    lines = (SAMPLES / "v1" / "agent.log").read_text().splitlines()
    event = json.loads(lines[-1])
    event["mood"] = "good"
    event["result"] |= {"mood": "good", "usage": event["result"]["usage"] | {"water": 1}}
    made = parse_event(json.dumps(event))
    assert isinstance(made, Ended) and made.result == last_result(lines[-1])
    assert parse_event('{"event": "dreamt", "at": "2026-01-01T12:00:00Z"}') is None
    log = "\n".join([json.dumps({"event": "dreamt"}), json.dumps(event)])
    assert last_result(log) == made.result


@pytest.mark.parametrize(
    ("text", "version"),
    [
        ('{"version": 2}', 2),
        ('{"version": 7, "usage": "changed beyond recognition"}', 7),
        ('{"version": 1}', None),
        ("{}", None),
        ("", None),
        ('{"version": "new"}', None),
        ('{"version": 2', None),
    ],
)
def test_a_version_is_told_before_the_rest_is_believed(text: str, version: int | None) -> None:
    assert newer(text, 1) == version


@pytest.mark.parametrize("stage", [Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH])
@pytest.mark.parametrize("code", [0, 44, 49])
def test_an_answer_that_is_too_new_is_infrastructure_whatever_its_code(stage: Stage, code: int) -> None:
    names = {Stage.CHECKOUT: "checked", Stage.AGENT: "result", Stage.PUBLISH: "published"}
    states = {one: ended(0, json.dumps(sample("v1", name) | {"failure": None})) for one, name in names.items()}
    states[Stage.VERIFY] = ended(0, "command 1 exit 0 seconds 1\n")
    assert judge(job_body(), pod_body(states, phase="Succeeded"), None, VERIFY).failure is None
    states[stage] = ended(code, json.dumps({"version": 2, "failure": "in other words"}))
    outcome = judge(job_body(), pod_body(states, phase="Failed"), None, VERIFY)
    assert outcome.failure is not None
    assert (outcome.failure.failure_class, outcome.failure.reason) == (FailureClass.INFRASTRUCTURE, "VersionUnknown")
    assert outcome.failure.message.startswith(
        f"{stage} answered in version 2, and this operator knows versions up to 1"
    )


def test_a_log_that_is_too_new_is_infrastructure() -> None:
    states = {stage: ended(0) for stage in (Stage.CHECKOUT, Stage.AGENT, Stage.PUBLISH, Stage.VERIFY)}
    outcome = judge(job_body(), pod_body(states, phase="Succeeded"), Result(version=2), VERIFY)
    assert outcome.failure and outcome.failure.reason == "VersionUnknown"


def test_a_runner_refuses_an_order_that_is_too_new(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BOARDHAND_ROOT", str(tmp_path))
    monkeypatch.setenv("TERMINATION_LOG", str(tmp_path / "termination"))
    layout = Settings.from_environment()
    layout.order.parent.mkdir(parents=True)
    layout.order.write_text(json.dumps({"version": 2, "tickets": ["another shape"]}))
    assert cli.run_stage(Stage.CHECKOUT, layout) == exit_code_of(FailureClass.INFRASTRUCTURE)
    failure = Checked.model_validate_json(layout.termination_log.read_text()).failure
    assert failure and failure.reason == "VersionUnknown"
    assert "of version 2, and this runner knows versions up to 1" in failure.message


def test_an_order_says_how_long_messages_may_be() -> None:
    bench = {"image": "toolchain:1", "verify": VERIFY}
    for number, room in ((0, 2457), (8, 945)):
        services = [{"name": f"s{at}", "image": "db:1"} for at in range(number)]
        pool = a_pool(workbench=bench | {"services": services})
        assert build_order("run-1", pool.spec, a_run().spec).message_bytes == room
