"""Where a GitLab issue is and by which event, whatever people do to its labels."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards.gitlab.log import attachments, card, comment, is_said, moment, placed
from boardhand_operator.boards.labels import Entry

COLUMNS = ("ready", "doing", "review")
AT = "2026-01-02T03:04:05.678Z"
DEEDS = st.lists(
    st.one_of(
        st.tuples(st.sampled_from(["add", "remove"]), st.sampled_from([*COLUMNS, "bug"])),
        st.tuples(st.sampled_from(["closed", "reopened"]), st.just("")),
    ),
    max_size=30,
)


class Issue:
    """As GitLab keeps it; all that happens within one millisecond."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.state = "opened"
        self.label_events: list[dict[str, Any]] = []
        self.state_events: list[dict[str, Any]] = []
        self.event = "created:7"
        self._id = 100

    def do(self, deed: str, label: str) -> None:
        self._id += 1
        if deed in ("add", "remove"):
            if (deed == "add") == (label in self.labels):
                return
            (self.labels.append if deed == "add" else self.labels.remove)(label)
            entry = {"id": self._id, "created_at": AT, "action": deed, "label": {"name": label}}
            self.label_events.append(entry)
        elif self.state != (wanted := "opened" if deed == "reopened" else "closed"):
            self.state = wanted
            self.state_events.append({"id": self._id, "created_at": AT, "state": deed})

    def place(self) -> tuple[str, str] | None:
        shown = {"id": 7, "state": self.state, "created_at": AT, "labels": self.labels}
        found = placed(shown, self.label_events, self.state_events, COLUMNS)
        return (found[0], found[1].event) if found else None


@given(DEEDS)
def test_the_label_put_on_last_is_the_column_and_its_event(deeds: list[tuple[str, str]]) -> None:
    issue = Issue()
    for deed in deeds:
        issue.do(*deed)
    place = issue.place()
    here = [name for name in issue.labels if name in COLUMNS]
    if issue.state == "closed" or not here:
        assert place is None
        return
    put = {event["label"]["name"]: event["id"] for event in issue.label_events if event["action"] == "add"}
    column = max(here, key=lambda name: put[name])
    reopened = max((event["id"] for event in issue.state_events if event["state"] == "reopened"), default=0)
    newest = f"label:{put[column]}" if put[column] > reopened else f"reopened:{reopened}"
    assert place == (column, newest)


@given(DEEDS, st.sampled_from(COLUMNS))
def test_coming_back_is_always_a_new_event(deeds: list[tuple[str, str]], column: str) -> None:
    issue = Issue()
    for deed in [*deeds, ("reopened", ""), ("add", column)]:
        issue.do(*deed)
    before = issue.place()
    for deed in (("remove", column), ("add", column)):
        issue.do(*deed)
    after = issue.place()
    assert after and after[0] == column
    assert after != before


def test_what_may_be_missing() -> None:
    issue = {"id": 7, "iid": 1, "web_url": "https://g.example/a/b/-/issues/1", "title": "t", "description": None}
    issue |= {"labels": ["ready", "bug"], "state": "opened", "created_at": AT}
    found = card(issue, "ready", Entry(moment(AT), 0, "created:7"), COLUMNS)
    assert (found.body, found.labels, attachments(issue)) == ("", ("bug",), ())
    note = {"id": 3, "body": None, "author": None, "created_at": AT, "system": False}
    said = comment(note, 5)
    assert (said.author, said.author_id, said.text, said.by_us) == ("somebody who left", "", "", False)
    assert is_said(note)
    assert not is_said(note | {"internal": True})
