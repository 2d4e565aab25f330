"""The faulty model: its answers keep the vendors' shapes, its damages strike where they say, its list is whole."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import takewhile
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_api.failures import FailureClass
from boardhand_api.model import Provider
from boardhand_api.result import Refusal, Result
from testbed.evals import model_faults
from testbed.evals.classify import SUCCEEDED
from testbed.evals.faulty_model import DESCRIBE, LARGE, ROUTE, SPARE, FaultyModel, role_of, serving
from testbed.evals.faulty_reply import Damage, Damaged, How, Http, place
from testbed.evals.faulty_run import EDIT, FINISH, KEY, Fault, Played, call, calls, problems
from testbed.evals.faulty_wire import Mark, Said, stream, whole
from tests.contract.openapi_schema import problems as broken
from tests.contract.openapi_schema import validator

FILES = {
    Provider.OPENAI: ("openai-openapi.yaml", "CreateChatCompletionResponse", "CreateChatCompletionStreamResponse"),
    Provider.MISTRAL: ("mistral-openapi.yaml", "ChatCompletionResponse", "CompletionChunk"),
}
ERRATA = {"$: 'data' is a required property"}
"""Mistral's file requires a property of its answers that it describes nowhere."""
LONG = Said(text="It is done, and it passes, as the ticket asks.", calls=FINISH.calls)
ASKED = {"model": "m", "messages": [{"role": "user", "content": "x"}], "stream_options": {"include_usage": True}}


def events(pieces: list[tuple[Mark, str]]) -> list[Any]:
    lines = "".join(text for _, text in pieces).splitlines()
    texts = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    return [json.loads(text) for text in takewhile(lambda text: text != "[DONE]", texts)]


@pytest.mark.parametrize("provider", FILES)
@pytest.mark.parametrize("said", [LONG, EDIT, Said(text="x" * 100), Said(text="", finish="length")])
def test_an_answer_without_fault_keeps_the_vendors_schema(provider: Provider, said: Said) -> None:
    file, document, chunk = FILES[provider]
    used = {"prompt_tokens": 1, "completion_tokens": 2, "total_tokens": 3}
    said = Said(said.text, said.calls, said.finish, used)

    assert set(broken(validator(file, document), whole(provider, said, "m"))) <= ERRATA
    check = validator(file, chunk)
    assert [broken(check, event) for event in events(stream(provider, said, "m"))].count([]) == len(
        events(stream(provider, said, "m"))
    )


@given(st.text(max_size=60), st.lists(st.sampled_from(["edit_file", "run"]), max_size=3), st.integers(1, 50))
def test_the_pieces_of_a_stream_add_up(text: str, names: list[str], piece: int) -> None:
    made = calls(*(call(name, path=text) for name in names), text=text, piece=piece)

    assert "".join(_texts(made, Provider.OPENAI)) == text
    arguments = [json.loads(one.arguments) for one in made.calls]
    for provider in Provider:
        assert _arguments(events(stream(provider, made, "m")), provider) == arguments


def _texts(said: Said, provider: Provider) -> Iterator[str]:
    for event in events(stream(provider, said, "m")):
        for choice in event["choices"]:
            yield choice["delta"].get("content") or ""


def _arguments(told: list[Any], provider: Provider) -> list[Any]:
    if provider is Provider.GOOGLE:
        parts = [part for event in told for part in event["candidates"][0]["content"]["parts"]]
        return [part["functionCall"]["args"] for part in parts if "functionCall" in part]
    joined: dict[int, str] = {}
    for event in told:
        if provider is Provider.ANTHROPIC and event.get("delta", {}).get("type") == "input_json_delta":
            joined[event["index"]] = joined.get(event["index"], "") + event["delta"]["partial_json"]
        for choice in event.get("choices", ()):
            for part in choice["delta"].get("tool_calls", ()):
                joined[part["index"]] = joined.get(part["index"], "") + part["function"]["arguments"]
    return [json.loads(joined[at]) for at in sorted(joined)]


@given(st.lists(st.sampled_from(list(Mark)), min_size=1), st.sampled_from(list(Mark)))
def test_damage_strikes_before_the_last_piece_that_holds_what_it_says(marks: list[Mark], at: Mark) -> None:
    struck = place([(mark, "x") for mark in marks], Damage(How.CUT, at))

    assert struck is not None
    if at in marks:
        assert marks[struck] is at and at not in marks[struck + 1 :]
    else:
        assert struck == len(marks) - 1


@pytest.mark.parametrize(
    ("path", "body", "role"),
    [
        ("/large/v1/chat/completions", '{"tools":[{"function":{"name":"Route"}}]}', ROUTE),
        ("/large/v1/chat/completions", '{"tools":[{"function":{"name":"PullRequestText"}}]}', DESCRIBE),
        ("/large/v1/messages", '{"messages":[{"content":"[[call Route]]"}]}', ROUTE),
        ("/large/v1/models/m:generateContent", '{"contents":["the Router"]}', LARGE),
        ("/spare/v1/chat/completions", "{}", SPARE),
    ],
)
def test_who_is_asked_is_told_by_address_and_function(path: str, body: str, role: str) -> None:
    assert role_of(path, body.encode()) == role


@pytest.fixture
def server() -> Iterator[FaultyModel]:
    with serving(Provider.OPENAI, {LARGE: ()}) as server:
        yield server


def ask(server: FaultyModel, *script: Any, streamed: bool = True) -> httpx.Response:
    server.scripts = {LARGE: script}
    address = f"{server.url(LARGE)}/chat/completions"
    return httpx.post(address, json=ASKED | {"stream": streamed}, timeout=1, trust_env=False)


@pytest.mark.parametrize("streamed", [True, False])
@pytest.mark.parametrize("at", [None, Mark.TEXT, Mark.CALL, Mark.END])
@pytest.mark.parametrize(
    ("how", "error"),
    [
        (How.CUT, httpx.RemoteProtocolError),
        (How.RESET, (httpx.ReadError, httpx.RemoteProtocolError)),
        (How.STALLED, httpx.ReadTimeout),
    ],
)
def test_a_damage_is_what_a_client_sees(
    server: FaultyModel, how: How, error: Any, at: Mark | None, streamed: bool
) -> None:
    server.scripts = {LARGE: (Damaged(LONG, Damage(how, at, seconds=5)),)}
    address = f"{server.url(LARGE)}/chat/completions"

    with pytest.raises(error):
        httpx.post(address, json=ASKED | {"stream": streamed}, timeout=0.1, trust_env=False)


def test_an_answer_may_end_early_or_say_something_else(server: FaultyModel) -> None:
    assert 'finish_reason": "tool_calls' not in ask(server, Damaged(LONG, Damage(How.ENDED, Mark.END))).text
    assert ask(server, Damaged(LONG, Damage(How.SAYS, Mark.TEXT, text="boo"))).text.endswith("boo")


def test_a_script_is_played_in_its_order_and_its_last_reply_for_ever(server: FaultyModel) -> None:
    script = (Http(500, "one"), Http(429, "two", retry_at=5), Http(200, "three"))
    seen = [ask(server, *script) for _ in range(4)]

    assert [(one.status_code, one.text) for one in seen] == [(500, "one"), (429, "two"), (200, "three"), (200, "three")]
    assert seen[1].headers["retry-after"].endswith(" GMT")
    assert server.unplayed == []


def test_what_the_vendor_would_refuse_is_refused_and_told(server: FaultyModel) -> None:
    server.scripts = {LARGE: (FINISH,)}
    tool = {"role": "tool", "content": "x", "tool_call_id": "c"}
    told = httpx.post(f"{server.url(LARGE)}/chat/completions", json=ASKED | {"messages": [tool]}, trust_env=False)

    assert told.status_code == 400
    assert server.refused and server.unplayed == [LARGE]


def test_the_list_is_whole() -> None:
    cases, faults = model_faults.cases(), model_faults.FAULTS
    names = {fault.name for fault in faults}
    expected = {fault.expected.split("/")[0] for fault in faults}

    assert len(names) == len(cases) >= 40
    assert 6 <= sum(case.short for case in cases) <= 10
    assert expected <= {SUCCEEDED, *FailureClass}
    assert all("/" in fault.expected or fault.expected == SUCCEEDED for fault in faults)
    assert {fault.provider for fault in faults} == set(Provider)
    for word in ("empty", "json", "cut-off", "refusal", "rate-limit", "stream-cut-in-call", "key", "quota", "silence"):
        assert any(word in name for name in names)


def test_a_run_that_came_to_something_else_is_not_met(server: FaultyModel) -> None:
    failure = Refusal(failure_class=FailureClass.STUCK, reason="SameCall", message="So it is.")
    result, fault = Result(failure=failure, commit="c"), Fault("f", "Stuck/NoProgress", nudges=("SameCall",))
    server.largest, server.refused, server.scripts = 10**7, ["an id is missing"], {LARGE: (FINISH,)}
    told = list(problems(fault, Played(server, result, [], f"{{{KEY}}}")))

    for said in (
        "Stuck/NoProgress was expected",
        "the harness said (), not ('SameCall',)",
        "handed over",
        "a vendor would refuse: an id is missing",
        "never struck: large",
        "a request of 10000000 bytes",
        "the key is in the log",
    ):
        assert said in told


def test_a_run_as_expected_is_met(server: FaultyModel) -> None:
    fault = Fault("f", "Succeeded", large=(), route=(), describe=())

    assert list(problems(fault, Played(server, Result(commit="c"), [], ""))) == []
