"""A pool's spec in the form and out of it: nothing is lost, whatever stands in it."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from boardhand_api.pool import CodingAgentSpec
from boardhand_dashboard.form import schema
from boardhand_dashboard.form.fields import SECTIONS, all_fields, all_secrets
from boardhand_dashboard.form.filling import Filled
from tests.support.pool_specs import specs

Json = dict[str, Any]
EXAMPLE = Path(__file__).parents[2] / "examples" / "pool.yaml"
QUICK = settings(max_examples=5, deadline=None, suppress_health_check=list(HealthCheck))


def example() -> Json:
    """The pool that the documentation shows."""
    pools = [one for one in yaml.safe_load_all(EXAMPLE.read_text()) if one["kind"] == "CodingAgent"]
    spec: Json = pools[0]["spec"]
    return spec


def as_posted(filled: Filled) -> Filled:
    """As a browser sends it: line ends are CRLF, and what a text field cannot hold is gone."""
    kinds = {one.path: one.kind for one in all_fields()}
    texts = {path: text if kinds[path] == "lines" else text.replace("\n", "") for path, text in filled.texts.items()}
    return Filled({path: text.replace("\n", "\r\n") for path, text in texts.items()}, filled.rest.replace("\n", "\r\n"))


def there_and_back(spec: Json) -> Json:
    out, problems = as_posted(Filled.of(spec)).spec()
    assert problems == []
    return out


def check(spec: Json) -> None:
    before = copy.deepcopy(spec)
    after = there_and_back(spec)
    assert spec == before
    assert after == schema.trimmed(spec)
    assert CodingAgentSpec.model_validate(after) == CodingAgentSpec.model_validate(spec)


@QUICK
@given(specs())
def test_every_spec_comes_out_as_it_went_in(spec: Json) -> None:
    check(spec)


@pytest.mark.slow
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(specs())
def test_very_many_specs_come_out_as_they_went_in(spec: Json) -> None:
    check(spec)


@QUICK
@given(specs())
def test_every_spec_with_its_defaults_written_out_too(spec: Json) -> None:
    """As the API server gives it."""
    whole = CodingAgentSpec.model_validate(spec).model_dump(mode="python", by_alias=True, exclude_none=True)
    check(_numbers(whole))


def _numbers(value: Any) -> Any:
    """Decimals as the numbers of JSON, enumerations as texts."""
    match value:
        case dict():
            return {key: _numbers(inner) for key, inner in value.items()}
        case list():
            return [_numbers(inner) for inner in value]
        case str():
            return str(value)
        case None | bool() | int() | float():
            return value
    return float(value)


def test_the_example_shows_its_fields_and_needs_no_yaml() -> None:
    filled = Filled.of(example())
    assert filled.rest == ""
    assert filled.texts["board.columns.failed"] == "Needs a person"
    assert "board.columns.inProgress" not in filled.texts
    assert filled.texts["limits.money"] == "5"
    assert filled.texts["repository.pushSecretRef.name"] == "git-push"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("setup", ["a\nb"]),
        ("setup", [" a"]),
        ("verify", ["a\u200bb\u202e"]),
        ("image", "toolchain:1 "),
        ("image", "two\rlines"),
    ],
)
def test_what_a_control_cannot_hold_stays_in_the_yaml(path: str, value: Any) -> None:
    spec = example()
    spec["workbench"][path] = value
    filled = Filled.of(spec)
    assert f"workbench.{path}" not in filled.texts
    assert yaml.safe_load(filled.rest) == {"workbench": {path: value}}
    assert there_and_back(spec)["workbench"][path] == value


def test_an_empty_list_that_means_something_stays() -> None:
    spec = example() | {"policy": {"protectedPaths": []}}
    assert there_and_back(spec)["policy"] == {"protectedPaths": []}


def test_a_part_that_is_there_without_fields_stays() -> None:
    spec = example() | {"persistence": {"size": "5Gi"}}
    assert there_and_back(spec)["persistence"] == {}
    assert CodingAgentSpec.model_validate(there_and_back(spec)).persistence is not None


def test_sealed_texts_stand_in_the_yaml() -> None:
    spec = example()
    del spec["board"]["secretRef"]
    spec["board"]["sealed"] = {"token": "gAAAAABn" + "x" * 80}
    filled = Filled.of(spec)
    assert yaml.safe_load(filled.rest) == {"board": {"sealed": spec["board"]["sealed"]}}


def test_an_emptied_field_is_absent() -> None:
    filled = Filled.of(example())
    out, problems = Filled({**filled.texts, "limits.money": "  ", "forge.url": ""}, filled.rest).spec()
    assert problems == []
    assert "money" not in out["limits"]
    assert "url" not in out["forge"]


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        ("limits.attempts", "many", "whole number"),
        ("limits.attempts", "2.5", "whole number"),
        ("limits.money", "5 $", "number"),
        ("limits.money", "nan", "number"),
        ("board.board", "a\u202eb", "cannot be seen"),
    ],
)
def test_a_text_that_is_no_value_is_a_problem_of_its_field(path: str, text: str, said: str) -> None:
    filled = Filled.of(example())
    _, problems = Filled({**filled.texts, path: text}, filled.rest).spec()
    assert [one.path for one in problems] == [path]
    assert said in problems[0].said


def test_a_field_that_is_given_twice_is_a_problem() -> None:
    filled = Filled.of(example())
    _, problems = Filled(filled.texts, "workbench: {image: other:2}").spec()
    assert [(one.path, "YAML below, too" in one.said) for one in problems] == [("workbench.image", True)]


def test_yaml_of_another_form_is_a_problem() -> None:
    filled = Filled.of(example())
    _, problems = Filled(filled.texts, "budget: 5\nlimits: []").spec()
    assert {one.path.partition(".")[0] for one in problems} == {"limits"}
    _, problems = Filled({**filled.texts, "budget.day": "3"}, "budget: 5").spec()
    assert [one.path for one in problems] == ["budget.day"]


def test_every_field_says_what_the_vocabulary_says() -> None:
    assert [one for one in all_fields() if len(one.help) < 10] == []
    assert [one for one in all_secrets() if len(one.help) < 10] == []
    helps = {one.path: one.help for one in all_fields()}
    assert helps["board.columns.ready"] == "Tickets in this column are taken."


def test_controls_have_names_of_their_own() -> None:
    ids = [one.id for one in all_fields()] + [one.id for one in all_secrets()] + [one.id for one in SECTIONS]
    assert len(ids) == len(set(ids))
