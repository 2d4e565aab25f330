"""Names that others write lead to the object that they name, or to none."""

from __future__ import annotations

from typing import Any

import pytest

from boardhand_operator.kube import ApiException, Kube, Resource

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
