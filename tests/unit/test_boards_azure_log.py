"""By which update a work item is in its column, and what it says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards.azure.log import CHANGED, DELETED, STATE, comment, hyperlinks, placed, related_ids, tags
from boardhand_operator.boards.azure.texts import body_of

START = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
STATES = ["New", "Active", "Closed"]
Act = tuple[str, int]


def update(number: int, **fields: Any) -> dict[str, Any]:
    at = (START + timedelta(seconds=number)).isoformat()
    return {"id": number, "fields": {CHANGED: {"newValue": at}} | fields}


def lived(acts: list[Act]) -> tuple[list[dict[str, Any]], int]:
    """The updates of these acts, and the number of the one that put the work item where it is."""
    state, event = "New", 1
    updates = [update(1, **{STATE: {"newValue": "New"}})]
    for number, (kind, where) in enumerate(acts, 2):
        wanted = STATES[where]
        if kind == "move" and wanted != state:
            updates.append(update(number, **{STATE: {"oldValue": state, "newValue": wanted}}))
            state, event = wanted, number
        elif kind == "bin":
            updates.append(update(number, **{DELETED: {"oldValue": False, "newValue": True}}))
        elif kind == "back":
            updates.append(update(number, **{DELETED: {"oldValue": True, "newValue": False}}))
            event = number
        else:
            updates.append(update(number, **{"System.Title": {"oldValue": "a", "newValue": "b"}}))
    return updates, event


@given(
    st.lists(st.tuples(st.sampled_from(["move", "edit", "bin", "back"]), st.integers(0, 2)), max_size=15), st.randoms()
)
def test_the_last_move_is_the_event_in_whatever_order_updates_come(acts: list[Act], dice: Any) -> None:
    updates, event = lived(acts)
    dice.shuffle(updates)
    found = placed(updates, STATE)
    assert found is not None and found.event == str(event)


def test_updates_without_fields_are_none() -> None:
    assert placed([{"id": 1, "relations": {}}, {"id": 2, "fields": {STATE: {"newValue": "New"}}}], STATE) is None


@given(st.lists(st.text(st.characters(blacklist_characters=";", blacklist_categories=["Cs", "Z", "C"]), min_size=1)))
def test_tags_are_parted_by_semicolons(names: list[str]) -> None:
    assert tags({"System.Tags": "; ".join(names)}) == tuple(names)
    assert tags({}) == ()


def test_what_is_related_is_told_apart() -> None:
    item = {
        "relations": [
            {"rel": "System.LinkTypes.Related", "url": "https://x/_apis/wit/workItems/12"},
            {"rel": "System.LinkTypes.Remote.Related", "url": "https://x/elsewhere/12"},
            {"rel": "Hyperlink", "url": "https://a.example", "attributes": {"comment": ""}},
            {"rel": "ArtifactLink", "url": "vstfs:///x"},
        ]
    }
    assert related_ids(item) == [12]
    assert [(link.title, link.url) for link in hyperlinks(item)] == [("https://a.example", "https://a.example")]
    assert related_ids({}) == []


def test_a_body_is_the_description_or_the_steps_and_the_criteria() -> None:
    steps, criteria = "Microsoft.VSTS.TCM.ReproSteps", "Microsoft.VSTS.Common.AcceptanceCriteria"
    assert body_of({"fields": {}}) == ""
    assert body_of({"fields": {steps: "<p>press</p>"}}) == "press"
    whole = {"fields": {"System.Description": "<p>do</p>", steps: "<p>press</p>", criteria: "<p>works</p>"}}
    assert body_of(whole) == "do\n\n## Acceptance criteria\n\nworks"
    assert body_of({"fields": {criteria: "<p>works</p>"}}) == "## Acceptance criteria\n\nworks"
    told = {
        "fields": {"System.Description": "a  <b>\n\tb"},
        "multilineFieldsFormat": {"System.Description": "Markdown"},
    }
    assert body_of(told) == "a  <b>\n\tb"
    assert body_of({"fields": {"System.Description": "no tags,\n  so as it is"}}) == "no tags,\n  so as it is"


def test_a_comment_says_who_and_when() -> None:
    found = comment(
        {
            "id": 7,
            "text": "<div>hello</div>",
            "createdBy": {"id": "g", "displayName": "Ada"},
            "createdDate": "2026-01-02T03:04:05.12Z",
        },
        "g",
    )
    assert (found.id, found.author, found.author_id, found.text, found.by_us) == ("7", "Ada", "g", "hello", True)
    assert found.created_at == START + timedelta(milliseconds=120)
