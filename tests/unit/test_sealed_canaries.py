"""A full run, through failures of everything, with each of a pool's credentials a canary: none shows anywhere."""

from __future__ import annotations

import base64
import io
import json
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock
from urllib.parse import quote

import pytest

from boardhand_api.redaction import forms, parts
from boardhand_operator.errors import CredentialsRefused, Misconfigured, PermissionMissing, Rejected, RemoteUnavailable
from boardhand_operator.kube import ApiException, Json, Kube, Resource
from boardhand_operator.redacting import Redactor, install
from boardhand_operator.sealed.keyring import Keyring
from boardhand_operator.services import Services
from tests.support import fake_nodes
from tests.support.fake_board import FakeBoard
from tests.support.fake_nodes import Fate
from tests.support.fuse import Fuse, When
from tests.support.sealing import CANARIES, PUBLIC, a_ring, key_file, of_place, pool_spec
from tests.support.world import World, clocked, go_on, live

ECHO = " ".join(
    form(value)
    for value in CANARIES.values()
    for form in (
        str,
        json.dumps,
        repr,
        lambda value: quote(value, safe=""),
        lambda value: base64.b64encode(f"user:{value}".encode()).decode(),
    )
)
"""What a service says that quotes what it was sent."""
OPENED = {"board": of_place("board"), "forge": of_place("forge")}


def echoing(kind: Callable[[str, str, str], Exception]) -> Callable[[str], Exception]:
    """A fault for each call's name, with all canaries in its message, its arguments and its cause."""

    def error(name: str) -> Exception:
        kube = name.split()[0] in ("get", "list", "create", "patch", "delete") or name == "read the log"
        made = ApiException(status=500, reason=ECHO, body=ECHO) if kube else kind("A service", name, ECHO)
        made.__cause__ = ValueError(ECHO, {"headers": list(CANARIES.values())})
        return made

    return error


def unexpected(_: str, name: str, said: str) -> Exception:
    """What nobody foresaw."""
    return KeyError(name, said)


def misconfigured(_: str, __: str, said: str) -> Exception:
    return Misconfigured("Echo", said)


def rejected(service: str, name: str, said: str) -> Exception:
    return Rejected(service, name, said, status=422)


class Seen:
    """All that anybody can read, but for Secrets."""

    def __init__(self) -> None:
        self.log = io.StringIO()
        self.written: list[str] = []
        self.secrets: list[Json] = []
        self.opened: dict[str, dict[str, str]] = {}

    def note(self, resource: Resource, body: Json) -> None:
        if resource is Resource.SECRETS:
            self.secrets.append(body)
        elif resource not in (Resource.RUNS, Resource.JOBS) or "status" in body:
            # The ticket as a person wrote it is data, and goes on as such.
            self.written.append(f"{resource.name} {json.dumps(body)} {body}")


@contextmanager
def watched(seen: Seen, keys: Path | None) -> Iterator[None]:
    """The operator's own services, boards and forges apart, and a log of its own."""
    redactor = Redactor()
    handler = logging.StreamHandler(seen.log)
    handler.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))
    fakes: dict[str, Any] = {}

    def services(kube: Any, board: FakeBoard, forge: Any, clock: Callable[[], float]) -> Services:
        kube.outgoing = redactor.outgoing
        fakes.update(board=board, forge=forge)
        return Services(kube, None, clock, keys=keys, redactor=redactor)

    def opened(what: str) -> Callable[..., Any]:
        return lambda *given: seen.opened.update({what: dict(given[-2])}) or fakes[what]

    create, patch = Kube.create, Kube.patch

    async def created(self: Any, resource: Resource, namespace: str, body: Json) -> Json:
        seen.note(resource, self.outgoing(resource, namespace, body))
        return await create(self, resource, namespace, body)

    async def patched(
        self: Any, resource: Resource, namespace: str, name: str, body: Json, sub: str = ""
    ) -> Json | None:
        seen.note(resource, self.outgoing(resource, namespace, body))
        return await patch(self, resource, namespace, name, body, sub)

    with (
        mock.patch.object(sys, "stderr", seen.log),
        mock.patch.multiple(logging.getLogger(), handlers=[handler], level=logging.DEBUG),
        mock.patch("tests.support.world.FakeServices", services),
        mock.patch("boardhand_operator.services.open_board", opened("board")),
        mock.patch("boardhand_operator.services.open_forge", opened("forge")),
        mock.patch.object(Kube, "create", created),
        mock.patch.object(Kube, "patch", patched),
    ):
        install(redactor)
        yield


def a_world(ring: Keyring | None, fuse: Fuse) -> World:
    world = World(fuse, lambda run, number: Fate.RED if sum(map(ord, run)) % 2 else Fate.GREEN)
    world.add_pool(**pool_spec(ring))
    if ring is None:
        for place in {field.rpartition(".")[0] for field in CANARIES}:
            data = {key: base64.b64encode(value.encode()).decode() for key, value in of_place(place).items()}
            name = {"metadata": {"name": place.replace(".", "-").lower()}}
            world.kube.put(Resource.SECRETS, "team", {**name, "data": data})
    world.board.add("card-1")
    world.board.add("card-2", title=f"Mend {CANARIES['board.token']}")
    return world


def leaks(world: World, seen: Seen) -> list[str]:
    """Which canary shows where, in any form."""
    places = {
        "the log": seen.log.getvalue(),
        "what was written": "\n".join(seen.written),
        "comments": str(world.board.said),
        "pull requests": f"{world.forge.bodies} {world.forge.opened} {world.forge.said}",
    }
    for resource, objects in world.kube.objects.items():
        said = [{**body, "spec": {}} if resource is Resource.RUNS else body for body in objects.values()]
        if resource not in (Resource.SECRETS, Resource.JOBS):
            places[resource.name] = json.dumps(said) + str(said)
    return [
        f"{field} in {place}"
        for field, value in CANARIES.items()
        for part in parts(value)
        for form in forms(part)
        for place, text in places.items()
        if form in text
    ]


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "secrets"])
@pytest.mark.parametrize(
    "kind", [RemoteUnavailable, CredentialsRefused, PermissionMissing, rejected, misconfigured, unexpected]
)
async def test_no_canary_shows_whatever_fails(
    kind: Callable[[str, str, str], Exception], sealed: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring, seen = a_ring() if sealed else None, Seen()
    fuse = Fuse(dict.fromkeys(range(12, 900, 23), When.BEFORE), echoing(kind))
    # What tests print is quoted in comments and pull requests.
    monkeypatch.setattr(fake_nodes, "RED", f"command 1 exit 1 seconds 2\noutput\n{ECHO}\n")
    world = a_world(ring, fuse)
    with clocked(world.clock), watched(seen, key_file(tmp_path, ring) if ring else None):
        for _ in range(30):
            try:
                await go_on(world, 1)
            except KeyError as nobodys:
                # As the queue does, for what it did not expect.
                logging.getLogger("boardhand_operator.queue").warning("unexpected", exc_info=nobodys)
    assert seen.opened == OPENED
    assert seen.log.getvalue().count("***") > 5
    assert leaks(world, seen) == []
    assert not [key for key in (ring.keys if ring else ()) if key.text in seen.log.getvalue() + str(seen.written)]


@pytest.mark.parametrize("sealed", [True, False], ids=["sealed", "secrets"])
async def test_each_stage_gets_its_own_and_the_run_ends_well(sealed: bool, tmp_path: Path) -> None:
    ring, seen = a_ring() if sealed else None, Seen()
    world = a_world(ring, Fuse())
    with clocked(world.clock), watched(seen, key_file(tmp_path, ring) if ring else None):
        await live(world)
    assert all(run.settled for run in world.runs())
    assert len(world.runs()) == 2
    assert leaks(world, seen) == []
    assert world.forge.bodies
    jobs = json.dumps(list(world.kube.objects[Resource.JOBS].values()))
    assert not [value for field, value in CANARIES.items() if field != "board.token" and value in jobs]
    assert "gAAAA" not in jobs
    given = {**CANARIES, **PUBLIC}
    stage_values = {field: given[field] for field in given if not field.startswith(("board.", "forge."))}
    made = [body for body in seen.secrets if body["metadata"]["name"].endswith("-sealed")]
    assert len(made) == (2 if sealed else 0)
    for body in made:
        assert {key: base64.b64decode(text).decode() for key, text in body["data"].items()} == stage_values
        assert [owner["kind"] for owner in body["metadata"]["ownerReferences"]] == ["TicketRun"]
    left = [name for _, name in world.kube.objects[Resource.SECRETS] if name.endswith("-sealed")]
    assert left == []
