"""Sixty steps over real HTTP: what the provider's cache sees of the prompts, and that they fit the window."""

from __future__ import annotations

import itertools
import json
import re
from pathlib import Path
from typing import Any

import pytest

from boardhand_api.events import Nudged, parse_event
from boardhand_api.model import Model, Profile, Provider
from boardhand_runner.models import Mind, build
from boardhand_runner.models.text_calls import write
from testbed.evals.faulty_wire import Called, Said, stream
from tests.support.benches import LIMITS, lay_out
from tests.support.canned import Canned, serving
from tests.support.runs import FINISH, Run

pytestmark = pytest.mark.slow

STEPS = 60
FILES = {f"src/part{at}.sh": f"# part {at}\n" + f"echo {at} and so on, line after line\n" * 150 for at in range(40)}
BYTES_A_TOKEN = 3
"""As the harness estimates them, and sooner too many."""


def said(name: str, arguments: dict[str, Any], *, text: bool) -> Canned:
    """An answer with one call, natively or as text, whose end the server leaves out as it was told to."""
    if text:
        answer = Said(text=write(name, arguments).removesuffix("\n[[end]]"))
    else:
        answer = Said(text="Next.", calls=(Called(name, json.dumps(arguments)),))
    return 200, {}, [event for _, event in stream(Provider.OPENAI, answer, "m")]


def steps(*, text: bool) -> list[Canned]:
    """Reading and writing in turns, each of its own, and the end."""
    made = [
        said("read_file", {"path": f"src/part{at // 2}.sh"}, text=text)
        if at % 2 == 0
        else said("write_file", {"path": f"notes/{at}.txt", "content": f"What part {at} does.\n" * 40}, text=text)
        for at in range(STEPS - 1)
    ]
    return [*made, said("finish", FINISH.tool_calls[0]["args"], text=text)]


class OverHttp(Run):
    """A run whose large model is asked over HTTP."""

    def __init__(self, root: Path, url: str, profile: str) -> None:
        super().__init__(lay_out(root, FILES))
        self.url, self.profile = url, profile

    def _mind(self, model: Model, secret: Path) -> Mind:
        if model.name == "small":
            return super()._mind(model, secret)
        return build(Model(name="m", base_url=self.url, profile=Profile(name=self.profile)), secret)


def conversation(raw: bytes) -> bytes:
    """The request's messages as they were sent, up to the bracket that ends them: quotes within them are escaped."""
    found = re.search(rb'"messages":\[(.*?)\],"(?:stop|stream_options|tools)"', raw, re.DOTALL)
    assert found
    return found[1]


@pytest.mark.parametrize(
    ("profile", "context", "most"),
    [("default", 128_000, 12), ("small-local", 8_192, 15)],
)
def test_sixty_steps_keep_their_prefix_between_maskings_and_fit_the_window(
    profile: str, context: int, most: int, tmp_path: Path
) -> None:
    with serving(*steps(text=profile == "small-local")) as server:
        run = OverHttp(tmp_path / "run", server.url, profile)
        result = run([], limits=LIMITS.model_copy(update={"steps": 80}), verify=["true"], require_tests=False)

    assert result.failure is None
    assert result.steps == len(server.seen) == STEPS
    nudges = [event for event in map(parse_event, run.log.splitlines()) if isinstance(event, Nudged)]
    assert nudges == []
    sent = [conversation(seen["raw"]) for seen in server.seen]
    maskings = sum(not later.startswith(before) for before, later in itertools.pairwise(sent))
    assert 1 <= maskings <= most
    assert len({json.dumps(seen["body"].get("tools")) for seen in server.seen}) == 1
    # All of the body: the tools and their rules too. A fifth of the window is left for the answer.
    assert max(len(seen["raw"]) for seen in server.seen) / BYTES_A_TOKEN < 0.8 * context
    opened = server.seen[0]["body"]["messages"]
    assert "Double the total" in opened[1]["content"] and "40 files" in opened[1]["content"]
    for seen in server.seen:
        system, ticket = seen["body"]["messages"][:2]
        assert system == opened[0]
        assert ticket["content"].startswith(opened[1]["content"])
    assert ("earlier steps are left out" in ticket["content"]) is (profile == "small-local")
    assert b"left out by the harness" in sent[-1]
