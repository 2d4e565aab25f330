"""Where an issue is and by which event, whatever people do to its labels."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards.gitea.log import placed

COLUMNS = {"ready": 1, "doing": 2, "review": 3}
LABELS = {**COLUMNS, "bug": 4}
DEEDS = st.one_of(
    st.tuples(st.sampled_from(["on", "off"]), st.sampled_from(sorted(LABELS))),
    st.tuples(st.sampled_from(["close", "reopen", "comment", "rename"]), st.just("")),
)


class Issue:
    """As Gitea keeps it; all that happens within one second."""

    def __init__(self) -> None:
        self.labels: list[str] = []
        self.state = "open"
        self.log: list[dict[str, Any]] = []

    def do(self, deed: str, label: str) -> None:
        if deed in ("on", "off"):
            if (deed == "on") == (label in self.labels):
                return
            (self.labels.append if deed == "on" else self.labels.remove)(label)
            self.note("label", "1" if deed == "on" else "", {"id": LABELS[label], "name": label})
        elif deed in ("close", "reopen"):
            wanted = "open" if deed == "reopen" else "closed"
            if self.state != wanted:
                self.state = wanted
                self.note(deed, "", None)
        else:
            self.note("comment" if deed == "comment" else "change_title", "1", None)

    def note(self, kind: str, body: str, label: dict[str, Any] | None) -> None:
        at = "2026-01-02T03:04:05Z"
        self.log.append({"id": 100 + len(self.log), "type": kind, "body": body, "label": label, "created_at": at})

    def place(self) -> tuple[str, str] | None:
        shown = {
            "id": 7,
            "state": self.state,
            "created_at": "2026-01-02T03:04:05Z",
            "labels": [{"id": LABELS[name], "name": name} for name in self.labels],
        }
        found = placed(shown, self.log, COLUMNS)
        return (found[0], found[1].event) if found else None


@given(st.lists(DEEDS, max_size=30))
def test_the_label_put_on_last_is_the_column_and_its_event(deeds: list[tuple[str, str]]) -> None:
    issue = Issue()
    for deed in deeds:
        issue.do(*deed)
    here = [name for name in issue.labels if name in COLUMNS]
    place = issue.place()
    assert (place is None) == (issue.state == "closed" or not here)
    if place:
        assert place[0] == here[-1]
        (event,) = [entry for entry in issue.log if str(entry["id"]) == place[1]]
        assert event["type"] == "reopen" or (event["label"] or {}).get("name") == here[-1]


@given(st.lists(DEEDS, max_size=20), st.lists(DEEDS, max_size=10))
def test_an_event_stays_until_the_issue_enters_its_column_again(
    before: list[tuple[str, str]], after: list[tuple[str, str]]
) -> None:
    issue = Issue()
    for deed in [*before, ("reopen", ""), ("on", "ready")]:
        issue.do(*deed)
    first = issue.place()
    for deed in after:
        known = issue.place()
        issue.do(*deed)
        if deed[0] in ("comment", "rename") or deed[1] == "bug":
            assert issue.place() == known
    events = {entry["id"] for entry in issue.log}
    issue.do("off", "ready")
    issue.do("reopen", "")
    issue.do("on", "ready")
    back = issue.place()
    assert back is not None and back[0] == "ready" and back != first
    assert int(back[1]) not in events


def test_an_issue_whose_labels_left_no_entry_came_with_its_creation() -> None:
    issue = Issue()
    issue.labels = ["review", "ready"]
    assert issue.place() == ("review", "created:7")
    issue.do("close", "")
    issue.do("reopen", "")
    assert issue.place() == ("review", "101")
