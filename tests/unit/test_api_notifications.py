"""What a pool says of who is told; and the pieces of a diff."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from boardhand_api.events import EVENT_BYTES, DiffPiece, parse_diff
from boardhand_api.failures import FailureClass
from boardhand_api.notification import Notification, Occasion
from boardhand_api.run_status import Phase


@pytest.mark.parametrize("failure", [cls for cls in FailureClass if cls is not FailureClass.CANCELLED])
def test_a_failed_run_is_an_occasion_by_its_class_and_in_general(failure: FailureClass) -> None:
    assert Occasion.of(failure) == {Occasion(failure.value), Occasion.FAILED}


def test_success_and_a_cancellation_are_themselves_alone() -> None:
    assert Occasion.of(None) == {Occasion.SUCCEEDED}
    assert Occasion.of(FailureClass.CANCELLED) == {Occasion.CANCELLED}
    assert {phase.value for phase in Phase if phase.finished} <= {one.value for one in Occasion}


@pytest.mark.parametrize(
    "wrong",
    [
        {"name": "team"},
        {"name": "team", "secretRef": {"name": "slack"}, "sealed": {"url": "gAAAA" + "b" * 80}},
        {"name": "Team!", "secretRef": {"name": "slack"}},
        {"name": "team", "secretRef": {"name": "slack"}, "occasions": []},
        {"name": "team", "secretRef": {"name": "slack"}, "occasions": ["Working"]},
        {"name": "team", "secretRef": {"name": "slack", "key": "../x"}},
    ],
)
def test_what_is_no_notification_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Notification.model_validate(wrong)


def test_a_notification_tells_success_and_failure_over_https_unless_it_says_otherwise() -> None:
    made = Notification.model_validate({"name": "team", "secretRef": {"name": "slack"}})
    assert made.secret_ref and made.secret_ref.key == "url"
    assert made.occasions == [Occasion.SUCCEEDED, Occasion.FAILED]
    assert made.plain_http is False


def test_a_piece_of_a_diff_comes_back_and_nothing_else_does() -> None:
    piece = DiffPiece(event="diff", number=1, of=2, text="+a\n")
    line = piece.model_dump_json(by_alias=True)
    assert parse_diff(line) == parse_diff(line.encode()) == piece
    other = json.loads(line)
    for field in ("event", "number", "of", "text"):
        assert parse_diff(json.dumps({key: value for key, value in other.items() if key != field})) is None
    for wrong in (other | {"event": "step"}, other | {"number": 0}, other | {"text": "x" * EVENT_BYTES}):
        assert parse_diff(json.dumps(wrong)) is None
    assert parse_diff("publish: Refused/SecretFound: no") is None
