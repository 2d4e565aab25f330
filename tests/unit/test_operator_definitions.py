"""An operator that is newer than the cluster's definitions says so: what they lack is dropped without a word."""

from __future__ import annotations

import asyncio
import copy
import logging
from typing import Any
from unittest import mock

import pytest

from boardhand_api import crd
from boardhand_operator.app import App
from boardhand_operator.cluster import definitions
from boardhand_operator.kube import ApiException, Kube
from boardhand_operator.settings import Settings
from tests.support.fake_kube import FakeKube

Json = dict[str, Any]


KINDS = {one["spec"]["names"]["kind"]: one["spec"]["versions"][0] for one in crd.definitions()}


def served() -> Json:
    """As the API server describes what this version has."""
    return {f"dev.boardhand.v1alpha1.{kind}": one["schema"]["openAPIV3Schema"] for kind, one in KINDS.items()}


def older() -> Json:
    found = copy.deepcopy(served())
    del found["dev.boardhand.v1alpha1.CodingAgent"]["properties"]["spec"]["properties"]["notifications"]
    del found["dev.boardhand.v1alpha1.TicketRun"]["properties"]["status"]["properties"]["verdict"]["properties"][
        "tests"
    ]
    return found


NOBODY = ApiException(status=404, reason="Not Found")


class Described(FakeKube):
    """One answer after the other; the last one again and again."""

    def __init__(self, *answers: Json | ApiException) -> None:
        super().__init__()
        self._answers = list(answers)

    async def described(self) -> Json:
        answer = self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]
        if isinstance(answer, ApiException):
            raise answer
        return answer


def test_what_a_definition_lacks_is_named_by_its_path() -> None:
    assert definitions.lacking(served()) == definitions.lacking({}) == {}
    found = definitions.lacking(older())
    assert {"spec.notifications", "spec.notifications.name"} <= set(found["codingagents.boardhand.dev"])
    assert found["ticketruns.boardhand.dev"][0] == "status.verdict.tests"


async def test_it_is_a_line_that_somebody_must_look_at_with_the_fix(caplog: pytest.LogCaptureFixture) -> None:
    await definitions.told(Described(older()), pause=0)
    pools, runs = sorted(caplog.records, key=lambda line: line.getMessage())
    assert (pools.levelno, runs.levelno) == (logging.ERROR, logging.ERROR)
    assert "codingagents.boardhand.dev is of an older version than this operator: it lacks" in pools.getMessage()
    assert "spec.notifications" in pools.getMessage()
    assert "more, and the API server leaves out" in pools.getMessage()
    assert "kubectl apply --server-side -f crds/" in runs.getMessage()


@pytest.mark.parametrize("first", [[], [NOBODY], [NOBODY, older()], [older(), NOBODY]])
async def test_what_is_said_while_definitions_are_made_is_not_believed(
    first: list[Json | ApiException], caplog: pytest.LogCaptureFixture
) -> None:
    """Seconds after an installation the API server does not describe them, or describes those before."""
    await definitions.told(Described(*first, served()), pause=0)
    assert caplog.records == []


async def test_where_nobody_tells_nothing_is_claimed(caplog: pytest.LogCaptureFixture) -> None:
    await definitions.told(Described(NOBODY), pause=0)
    (line,) = caplog.records
    assert (line.levelno, "cannot be seen" in line.getMessage()) == (logging.WARNING, True)


async def test_each_operator_looks_at_its_start(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(definitions, "_LOOKS", 1)
    operator = App(Settings("runner:1"))
    with mock.patch.object(Kube, "connect", mock.AsyncMock(return_value=Described(older()))):
        await operator.start()
    async with asyncio.timeout(10):
        while "is of an older version than this operator" not in caplog.text:
            await asyncio.sleep(0.01)
    await operator.stop()
