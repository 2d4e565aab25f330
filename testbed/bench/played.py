"""A model behind OpenAI's client that answers at once: the scripted stand-in, without a network between.

What the client does to ask and to read the answer is the harness' time; what happens in here is the model's.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

import httpx2

from boardhand_api.model import PlainModel
from boardhand_runner.models import Mind, build, openai
from testbed.model.app import create_app
from testbed.model.scripts import Script

LARGE, SMALL = "boardhand-scripted-large", "boardhand-scripted-small"


@dataclass(frozen=True)
class Asked:
    """One request, and when it was under way: on the wall's clock and on this process'."""

    request: dict[str, Any]
    began: float
    ended: float
    cpu_began: float
    cpu_ended: float


class Played(httpx2.AsyncBaseTransport):
    """Answers every request from one script, and notes it."""

    def __init__(self, script: Script) -> None:
        self._app = httpx2.ASGITransport(create_app([script]))
        self.asked: list[Asked] = []

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        began, cpu_began = time.perf_counter(), time.process_time()
        response = await self._app.handle_async_request(request)
        body = json.loads(request.content)
        self.asked.append(Asked(body, began, time.perf_counter(), cpu_began, time.process_time()))
        return response

    def mind(self, model: PlainModel, secret: Path) -> Mind:
        """The product's own client, but for the way its requests take."""
        with mock.patch.object(openai, "DefaultAsyncHttpxClient", self._client):
            return build(model.model_copy(update={"base_url": "http://model.invalid/v1"}), secret)

    def _client(self, **_: Any) -> httpx2.AsyncClient:
        return httpx2.AsyncClient(transport=self)

    def of(self, name: str) -> list[Asked]:
        """The requests to the model of this name."""
        return [asked for asked in self.asked if asked.request["model"] == name]
