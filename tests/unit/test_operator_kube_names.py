"""Names that others write lead to the object that they name, or to none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from boardhand_operator.kube import ApiException, Conflict, Kube, Resource

STRANGE = ["../../other/secrets/x", "..", ".", "a/b", "x?y", "x#y", "%2e%2e", "..%2Fx", "A", "a\n", "-a", " "]


class Asked(Kube):
    """A client that remembers what its server is asked."""

    def __init__(self) -> None:
        self.paths: list[str] = []

    async def _raw(self, method: str, path: str, *_: Any, **__: Any) -> bytes:
        self.paths.append(path)
        return b"{}"


@pytest.mark.parametrize("name", STRANGE)
async def test_what_no_object_can_be_called_is_not_there(name: str) -> None:
    kube = Asked()
    assert await kube.get(Resource.SECRETS, "team", name) is None
    assert await kube.patch(Resource.JOBS, "team", name, {}) is None
    await kube.delete(Resource.CLAIMS, "team", name)
    assert await kube.last_line("team", name, "agent", 10) == ""
    with pytest.raises(ApiException):
        await kube.create(Resource.JOBS, name, {})
    assert kube.paths == []


@pytest.mark.parametrize("name", ["a", "shop.v2", "run-1-1", "17a", "r.17f3a9"])
async def test_names_stand_in_the_path_as_they_are(name: str) -> None:
    kube = Asked()
    assert await kube.get(Resource.SECRETS, "team", name) == {}
    assert kube.paths == [f"/api/v1/namespaces/team/secrets/{name}"]


class Refusing(Kube):
    """A client whose server refuses to make anything, in the words that it was seen to use."""

    def __init__(self, reason: str, message: str) -> None:
        self.body = json.dumps({"kind": "Status", "status": "Failure", "reason": reason, "message": message})

    async def _raw(self, *_: Any, **__: Any) -> bytes:
        raise ApiException(status=409, reason="Conflict", body=self.body)


async def test_a_quota_that_others_use_at_the_same_time_is_no_name_that_is_taken() -> None:
    """Else the ticket whose run was to be made then would never be taken (kubernetes/kubernetes issue 67761)."""
    body = {"metadata": {"name": "a"}}
    taken = Refusing("AlreadyExists", 'ticketruns.boardhand.dev "a" already exists')
    with pytest.raises(Conflict):
        await taken.create(Resource.RUNS, "team", body)
    quota = Refusing("Conflict", 'Operation cannot be fulfilled on resourcequotas "q": the object has been modified')
    with pytest.raises(ApiException) as refused:
        await quota.create(Resource.RUNS, "team", body)
    assert refused.value.status == 409
