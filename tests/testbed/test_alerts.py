"""The chart's alerts, as promtool judges them: each fires where it should and not elsewhere, and has its runbook."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from testbed import chart
from testbed.prometheus import promtool
from testbed.shell import TestbedError

pytestmark = pytest.mark.slow

CASES: dict[str, Any] = yaml.safe_load(Path(__file__).with_name("alerts.yaml").read_text())
RUNBOOKS = Path(__file__).parents[2] / "docs" / "runbooks"
URL = "https://runbooks.example/at"
SYSTEM = "boardhand-system"
JOB = f'job="{chart.RELEASE}-metrics"'
OWN = f'{JOB}, namespace="{SYSTEM}"'
Json = dict[str, Any]


def spec(values: Mapping[str, Any] | None = None) -> Json:
    """The PrometheusRule's groups. values: of `metrics.rules`."""
    rules = {"enabled": True, "runbookUrl": URL, **(values or {})}
    objects = chart.rendered(SYSTEM, {"metrics": {"enabled": True, "rules": rules}})
    (found,) = [body["spec"] for body in objects if body["kind"] == "PrometheusRule"]
    return dict(found)


def rules() -> dict[str, Json]:
    return {rule["alert"]: rule for group in spec()["groups"] for rule in group["rules"]}


def series(given: Mapping[str, Any]) -> list[Json]:
    """As promtool wants them, with the job's label, and the release's namespace where they name none."""
    return [
        {"series": name.replace("{job", "{" + (JOB if "namespace=" in name else OWN), 1), "values": str(values)}
        for name, values in given.items()
    ]


def judged(folder: Path, tests: list[Json]) -> str:
    """What promtool says of the rules with these tests. Raises TestbedError with what it found."""
    (folder / "rules.yaml").write_text(yaml.safe_dump(spec()))
    (folder / "tests.yaml").write_text(json.dumps({"rule_files": ["rules.yaml"], "tests": tests}))
    return promtool("test", "rules", folder / "tests.yaml")


def case(alert: str, said: Mapping[str, Any], rule: Json, *, fires: bool) -> Json:
    labels = {**rule["labels"], **said.get("labels", {})}
    annotations = {"summary": said["summary"], "runbook_url": rule["annotations"]["runbook_url"]}
    wanted = [{"exp_labels": labels, "exp_annotations": annotations}] if fires else []
    test = {"eval_time": said["at"], "alertname": alert, "exp_alerts": wanted}
    given = series(said["fires" if fires else "quiet"])
    return {"interval": "1m", "input_series": given, "alert_rule_test": [test]}


def test_promtool_finds_nothing_wrong(tmp_path: Path) -> None:
    (tmp_path / "rules.yaml").write_text(yaml.safe_dump(spec()))
    assert f"SUCCESS: {len(CASES)} rules found" in promtool("check", "rules", "--lint-fatal", tmp_path / "rules.yaml")


def test_each_alert_fires_where_it_should_and_not_elsewhere(tmp_path: Path) -> None:
    known = rules()
    assert set(known) == set(CASES)
    tests = [case(name, said, known[name], fires=fires) for name, said in CASES.items() for fires in (True, False)]
    assert "SUCCESS" in judged(tmp_path, tests)


def test_promtool_would_say_where_one_does_not_fire(tmp_path: Path) -> None:
    """That the tests above can fail."""
    name, said = "BoardhandWatchLag", CASES["BoardhandWatchLag"]
    wrong = case(name, {**said, "fires": said["quiet"]}, rules()[name], fires=True)
    with pytest.raises(TestbedError, match="alertname: BoardhandWatchLag"):
        judged(tmp_path, [wrong])


def test_each_has_a_runbook_that_says_what_to_do() -> None:
    named = {rule["annotations"]["runbook_url"].removeprefix(f"{URL}/") for rule in rules().values()}
    assert {file.name for file in RUNBOOKS.glob("*.md")} == named
    for alert, rule in rules().items():
        text = (RUNBOOKS / rule["annotations"]["runbook_url"].rsplit("/", 1)[1]).read_text()
        assert text.startswith(f"# {alert}\n")
        assert re.findall(r"^## (.*)", text, re.MULTILINE) == ["What it means", "Look", "Do"]


def test_thresholds_are_the_charts() -> None:
    changed = {"pollSeconds": 1234, "queueSeconds": 2345, "notReadySeconds": 3456, "budgetShare": 0.56}
    text = json.dumps(spec({**changed, "errorShare": 0.67, "webhooksRefused": 78}))
    for value in ("> 1234", "> 2345", '"3456s"', "> 0.56", "> 0.67", "> 78"):
        assert value in text
