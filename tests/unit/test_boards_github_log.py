"""Where a GitHub issue is and by which event, as properties."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards.github.items import entered, item_in
from boardhand_operator.boards.github.log import links, placed

COLUMNS = ["Ready", "Doing", "Review"]
START = datetime(2026, 1, 1, tzinfo=UTC)
Json = dict[str, Any]


def at(second: int) -> str:
    return (START + timedelta(seconds=second)).strftime("%Y-%m-%dT%H:%M:%SZ")


ACTS = st.lists(st.tuples(st.sampled_from([*COLUMNS, "bug", "closed", "words"]), st.integers(0, 1)), max_size=20)


def played(acts: list[tuple[str, int]]) -> tuple[Json, list[Json], str | None, str | None]:
    """An issue that lived through this; its timeline; the column that it is in, and the event that put it there."""
    labels: list[str] = []
    timeline: list[Json] = []
    put: dict[str, str] = {}
    state, second, reopened = "open", 0, None
    for number, (what, pause) in enumerate(acts, 1):
        second += pause
        entry: Json = {"id": number, "created_at": at(second)}
        if what == "words":
            timeline.append(entry | {"event": "commented", "body": "labeled"})
        elif what == "closed":
            state = "closed" if state == "open" else "open"
            timeline.append(entry | {"event": "reopened" if state == "open" else "closed"})
            reopened = str(number) if state == "open" else reopened
        elif what in labels:
            labels.remove(what)
            timeline.append(entry | {"event": "unlabeled", "label": {"name": what}})
        else:
            labels.append(what)
            put[what] = str(number)
            timeline.append(entry | {"event": "labeled", "label": {"name": what}})
    issue = {"id": 9, "state": state, "created_at": at(0), "labels": [{"name": name} for name in labels]}
    here = [name for name in labels if name in COLUMNS]
    column = here[-1] if here and state == "open" else None
    event = max(put[column], reopened or "0", key=int) if column else None
    return issue, timeline, column, event


@given(ACTS, st.randoms(use_true_random=False))
def test_the_last_label_is_the_column_whatever_the_order_of_the_list(acts: list[tuple[str, int]], dice: Any) -> None:
    issue, timeline, column, event = played(acts)
    dice.shuffle(timeline)
    place = placed(issue, timeline, COLUMNS)
    assert (place[0], place[1].event) == (column, event) if place else column is None


@given(ACTS)
def test_other_labels_and_words_are_no_event(acts: list[tuple[str, int]]) -> None:
    issue, timeline, *_ = played(acts)
    fewer = [one for one in timeline if one["event"] != "commented" and one.get("label", {}).get("name") != "bug"]
    assert placed(issue, timeline, COLUMNS) == placed(issue, fewer, COLUMNS)


def test_without_an_entry_the_creation_counts() -> None:
    issue = {"id": 9, "state": "open", "created_at": at(0), "labels": ["Ready"]}
    place = placed(issue, [{"event": "cross-referenced", "source": {}}], COLUMNS)
    assert place is not None
    assert (place[0], place[1].event) == ("Ready", "created:9")


def test_links_are_issues_each_once() -> None:
    source = {"issue": {"html_url": "https://x.example/1", "title": "Design"}}
    pull = {"issue": {"html_url": "https://x.example/2", "title": "A change", "pull_request": {}}}
    timeline = [{"event": "cross-referenced", "source": one} for one in (source, pull, source, {})]
    assert [(link.title, link.url) for link in links(timeline)] == [("Design", "https://x.example/1")]


# Projects


def item(status: str, second: int, **changes: Any) -> Json:
    return {"id": "PVTI_1", "isArchived": False, "status": {"name": status, "updatedAt": at(second)}} | changes


def changed(id_: str, status: str, second: int, project: str | None = "PVT_1") -> Json:
    found = {"id": id_, "createdAt": at(second), "status": status, "__typename": "ProjectV2ItemStatusChangedEvent"}
    return found | {"project": {"id": project} if project else None}


def issue_of(*happened: Json) -> Json:
    return {"entered": {"nodes": [*happened, None]}}


@given(st.lists(st.tuples(st.sampled_from(COLUMNS), st.sampled_from(["PVT_1", "PVT_2"])), min_size=1, max_size=10))
def test_the_newest_change_within_the_project_is_the_event(changes: list[tuple[str, str]]) -> None:
    happened = [changed(f"e{number}", name, number // 3, project) for number, (name, project) in enumerate(changes)]
    mine = [one for one in happened if one["project"]["id"] == "PVT_1"]
    status = mine[-1]["status"] if mine else "Ready"
    entry, certain = entered(item(status, 99), issue_of(*happened), "PVT_1", True)
    assert certain is bool(mine)
    assert entry.event == (mine[-1]["id"] if mine else f"PVTI_1@{at(99)}")


def test_a_change_that_is_not_told_yet_is_not_certain() -> None:
    entry, certain = entered(item("Doing", 5), issue_of(changed("e1", "Ready", 1)), "PVT_1", True)
    assert (entry.event, certain) == (f"PVTI_1@{at(5)}", False)
    # Where timelines never tell of it, the moment is all there is.
    assert entered(item("Doing", 5), issue_of(), "PVT_1", False)[1]


def test_reopening_is_an_event() -> None:
    reopened = {"__typename": "ReopenedEvent", "id": "r1", "createdAt": at(7)}
    entry, _ = entered(item("Ready", 5), issue_of(reopened, changed("e1", "Ready", 5)), "PVT_1", True)
    assert entry.event == "r1"
    entry, _ = entered(item("Ready", 9), issue_of(reopened, changed("e2", "Ready", 9)), "PVT_1", True)
    assert entry.event == "e2"
    hidden = changed("e1", "Ready", 5, project=None)
    assert entered(item("Ready", 5), issue_of(hidden), "PVT_1", True)[1] is False


def test_the_item_is_that_of_the_pools_project() -> None:
    def of(owner: str, number: int, **changes: Any) -> Json:
        return item("Ready", 1, project={"number": number, "owner": {"login": owner}}, **changes)

    mine = of("Team", 7)
    issue = {"projectItems": {"nodes": [of("team", 8), of("ada", 7), None, mine]}}
    assert item_in(issue, "team", 7) is mine
    assert item_in({"projectItems": {"nodes": [of("team", 7, isArchived=True)]}}, "team", 7) is None
