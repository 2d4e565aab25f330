"""The memory of the watches: the newest state wins, and what is settled is let go."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.pod import LABEL_TICKET
from boardhand_operator.kube import Resource
from boardhand_operator.memory.store import Store, key_of
from tests.support.objects import job_body, pod_body, run_body

KEY = ("team", "run-1")


def run(version: int, uid: str = "u1", **kwargs: Any) -> dict[str, Any]:
    body = run_body(**kwargs)
    body["metadata"] |= {"resourceVersion": str(version), "uid": uid}
    return body


@given(st.permutations(range(1, 7)))
def test_states_that_come_late_are_ignored(order: list[int]) -> None:
    store = Store()
    for version in order:
        store.put(Resource.RUNS, run(version, phase="Working" if version == 6 else "Queued"))
    kept = store.get(Resource.RUNS, KEY)
    assert kept and kept["metadata"]["resourceVersion"] == "6"


def test_versions_are_numbers() -> None:
    store = Store()
    store.put(Resource.RUNS, run(10))
    store.put(Resource.RUNS, run(9))
    kept = store.get(Resource.RUNS, KEY)
    assert kept and kept["metadata"]["resourceVersion"] == "10"


def test_another_object_of_the_same_name_is_another_object() -> None:
    store = Store()
    store.put(Resource.RUNS, run(10, "old"))
    store.put(Resource.RUNS, run(13, "new"))
    kept = store.get(Resource.RUNS, KEY)
    assert kept and kept["metadata"]["uid"] == "new"


def test_what_is_settled_or_gone_is_let_go() -> None:
    store = Store()
    store.put(Resource.RUNS, run(1))
    store.put(Resource.RUNS, run(2, settled=True))
    assert store.get(Resource.RUNS, KEY) is None
    store.put(Resource.RUNS, run(3))
    store.drop(Resource.RUNS, KEY)
    store.drop(Resource.RUNS, KEY)
    assert store.get(Resource.RUNS, KEY) is None
    assert list(store.runs_of("team", "shop")) == []


def test_runs_are_found_by_namespace_and_pool() -> None:
    store = Store()
    for name, pool, namespace in (("a", "shop", "team"), ("b", "other", "team"), ("c", "shop", "elsewhere")):
        store.put(Resource.RUNS, run_body(name, pool=pool, namespace=namespace))
    assert [key_of(body) for body in store.runs_of("team", "shop")] == [("team", "a")]


def test_the_youngest_pod_of_a_job_counts() -> None:
    store = Store()
    for name, second, job in (("old", 1, "run-1-1"), ("new", 2, "run-1-1"), ("newest", 3, "run-1-2")):
        store.put(Resource.PODS, pod_body(name=name, job=job, created=f"2026-01-01T12:00:0{second}Z"))
    found = store.pod_of("team", "run-1-1")
    assert found and found["metadata"]["name"] == "new"
    assert store.pod_of("elsewhere", "run-1-1") is None


def test_of_jobs_and_pods_only_what_is_read_is_kept() -> None:
    store = Store()
    about = {"managedFields": [{}], "annotations": {"boardhand.dev/order": "{}"}, "labels": {"boardhand.dev/run": "r"}}
    job = job_body()
    job["metadata"] |= about
    job["spec"] = {"suspend": False, "template": {"spec": {"containers": []}}}
    store.put(Resource.JOBS, job)
    kept = store.get(Resource.JOBS, ("team", "run-1-1"))
    assert kept
    assert kept["spec"] == {"suspend": False}
    assert kept["status"] == job["status"]
    assert not {"managedFields", "annotations"} & kept["metadata"].keys()
    assert kept["metadata"]["labels"] == about["labels"]
    assert "managedFields" in job["metadata"]


def test_labels_that_somebody_changes_leave_nothing_behind() -> None:
    """Else the ticket of the old label would have a run at work for as long as the operator lives."""
    store = Store()
    for version, ticket in ((1, "a"), (2, "b")):
        body = run(version)
        body["metadata"]["labels"] = {LABEL_TICKET: ticket}
        store.put(Resource.RUNS, body)
    assert [len(list(store.runs_of_ticket("team", ticket))) for ticket in "ab"] == [0, 1]
    store.put(Resource.RUNS, run(3, "another", pool="other"))
    assert [len(list(store.runs_of("team", pool))) for pool in ("shop", "other")] == [0, 1]
    for job in ("run-1-1", "run-1-2"):
        store.put(Resource.PODS, pod_body(name="p", job=job))
    assert store.pod_of("team", "run-1-1") is None
    store.drop(Resource.RUNS, KEY)
    store.drop(Resource.PODS, ("team", "p"))
    assert list(store.runs_of_ticket("team", "b")) == []
    assert store.pod_of("team", "run-1-2") is None


def test_the_end_of_an_object_that_was_made_again_is_not_the_new_ones() -> None:
    """Its watch events come by another way than those of the new one, perhaps later."""
    store = Store()
    store.put(Resource.RUNS, run(12, "new"))
    store.put(Resource.RUNS, run(10, "old"))
    store.gone(Resource.RUNS, run(11, "old"))
    kept = store.get(Resource.RUNS, KEY)
    assert kept and kept["metadata"]["uid"] == "new"
    store.gone(Resource.RUNS, run(13, "new"))
    assert store.get(Resource.RUNS, KEY) is None
