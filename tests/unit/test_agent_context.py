"""What of the conversation is sent: masking in batches, a stable prefix, and a prompt that fits."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage, SystemMessage, ToolCall, ToolMessage

from boardhand_runner.context import LeftOut, Window, left_out, prompt_of, squeezed, tokens_of, window_of

OPENING: list[BaseMessage] = [SystemMessage("You are a programmer."), HumanMessage("The ticket, AGENTS.md and all.")]
WINDOW = window_of(32_000)


def turn(number: int, size: int, name: str = "read_file", **arguments: Any) -> list[BaseMessage]:
    """One answer with one call, and its observation of `size` characters."""
    call = ToolCall(name=name, args=arguments or {"path": f"src/{number}.py"}, id=f"c{number}")
    seen = f"line of {number}\n" + "x" * size
    return [
        AIMessage(f"Step {number}.", tool_calls=[call], id=f"a{number}"),
        ToolMessage(seen, tool_call_id=f"c{number}", name=name),
    ]


def conversation(sizes: list[int]) -> list[BaseMessage]:
    return [*OPENING, *(message for number, size in enumerate(sizes) for message in turn(number, size))]


def prompts(history: list[BaseMessage], window: Window) -> list[list[BaseMessage]]:
    """The prompt of every request of this history, the next one too."""
    ends = [at for at, message in enumerate(history) if isinstance(message, AIMessage)]
    return [prompt_of(history[:end], window) for end in [*ends, len(history)]]


def written(messages: list[BaseMessage]) -> list[str]:
    return [json.dumps([message.type, message.content, getattr(message, "tool_calls", [])]) for message in messages]


def maskings(asked: list[list[BaseMessage]]) -> int:
    """So many prompts do not begin with the one before."""
    pairs = itertools.pairwise(asked)
    return sum(written(later)[: len(first)] != written(first) for first, later in pairs)


def test_sixty_steps_keep_their_prefix_between_few_maskings_and_fit_the_window() -> None:
    asked = prompts(conversation([5_000] * 60), WINDOW)

    assert len(asked) == 61
    assert max(map(tokens_of, asked)) <= WINDOW.high < 32_000 * 0.6 + 1
    assert 3 <= maskings(asked) <= 12
    assert sum(map(tokens_of, asked)) < 0.5 * sum(
        map(tokens_of, prompts(conversation([5_000] * 60), Window(10**9, 10**9)))
    )


@settings(deadline=None)
@given(st.lists(st.integers(0, 9_000), max_size=24), st.integers(500, 20_000))
def test_what_is_masked_stays_masked_and_only_beyond_the_mark(sizes: list[int], high: int) -> None:
    window, history = Window(high, high * 2 // 5), conversation(sizes)
    before = LeftOut()
    asked_before: list[str] = []
    for end in [*(at for at, message in enumerate(history) if isinstance(message, AIMessage)), len(history)]:
        left, prompt = left_out(history[:end], window), written(prompt_of(history[:end], window))
        assert before.masked <= left.masked
        assert before.folded <= left.folded
        if left == before:
            assert prompt[: len(asked_before)] == asked_before
        else:
            assert tokens_of(prompt_of(history[:end], window)) < tokens_of(history[:end])
        before, asked_before = left, prompt


SMALL = window_of(8_192, 700)


def test_a_small_window_folds_the_oldest_steps_before_their_notes_fill_it() -> None:
    history = conversation([1_500] * 60)
    asked = prompts(history, SMALL)

    assert maskings(asked) <= 15
    assert max(map(tokens_of, asked)) <= SMALL.high
    assert asked[-1][0] == OPENING[0]
    folded = left_out(history, SMALL).folded
    steps = (folded - 2) // 2
    assert steps > 20
    told = f"[{steps} earlier steps are left out by the harness: read_file {steps}.]"
    assert asked[-1][1].content == f"{OPENING[1].content}\n\n{told}"
    assert isinstance(asked[-1][2], AIMessage) and asked[-1][2].id == f"a{steps}"
    answered = {message.tool_call_id for message in asked[-1] if isinstance(message, ToolMessage)}
    assert answered == {f"c{number}" for number in range(steps, 60)}


def test_the_newest_plan_is_not_folded() -> None:
    history = [*OPENING, *turn(100, 300, "todo", items="the plan"), *conversation([1_500] * 60)[2:]]

    assert prompt_of(history, SMALL)[3] == history[3]


def test_enough_is_masked_at_once_and_the_newest_never() -> None:
    history = conversation([5_000] * 12)
    prompt = prompt_of(history, WINDOW)

    assert left_out(history, WINDOW).masked
    assert prompt[:2] == OPENING
    assert prompt[-6:] == history[-6:]
    first = left_out(history[: 2 + 2 * 11], WINDOW).masked
    assert tokens_of(prompt_of(history[: 2 + 2 * 11], WINDOW)) <= WINDOW.low + 2_000 or not first


def test_a_masked_observation_says_what_it_was_and_how_to_see_it_again() -> None:
    history = conversation([5_000] * 30)
    history[3] = ToolMessage(
        "exit code 1\nE assert 1 == 2\n[900 characters left out; the whole is in /exec/ab.out]\n" + "y" * 5_000,
        tool_call_id="c0",
        name="run",
    )
    shown = [str(message.content) for message in prompt_of(history, WINDOW)]

    assert "exit code 1" in shown[3] and "The whole is in /exec/ab.out." in shown[3]
    assert 'read_file {"path": "src/1.py"}' in shown[5] and "Call it again" in shown[5]
    assert len(shown[5]) < 300


def test_the_newest_plan_stays_wherever_it_is() -> None:
    plans = [turn(100, 900, "todo", items="first plan"), turn(101, 900, "todo", items="second plan")]
    history = [*OPENING, *plans[0], *plans[1], *conversation([5_000] * 40)[2:]]
    shown = prompt_of(history, WINDOW)

    assert shown[5] == plans[1][1]
    assert shown[3] != plans[0][1]


def test_long_arguments_go_with_their_observation_unless_a_provider_signed_the_answer() -> None:
    long = {"path": "a.py", "content": "z" * 6_000}
    plain, signed = turn(200, 10, "write_file", **long), turn(201, 10, "write_file", **long)
    signed[0] = signed[0].model_copy(update={"content": [{"type": "thinking", "signature": "s"}]})
    history = [*OPENING, *plain, *signed, *conversation([5_000] * 20)[2:]]
    shown = prompt_of(history, WINDOW)

    assert isinstance(shown[2], AIMessage) and isinstance(shown[4], AIMessage)
    assert "characters left out by the harness" in shown[2].tool_calls[0]["args"]["content"]
    assert shown[2].tool_calls[0]["args"]["path"] == "a.py"
    assert shown[4] == signed[0]
    assert history[2] == plain[0] and plain[0].tool_calls[0]["args"] == long  # type: ignore[attr-defined]


def test_a_squeezed_window_leaves_only_the_newest_observation() -> None:
    history = conversation([2_000] * 6)
    smaller = squeezed(WINDOW, prompt_of(history, WINDOW))

    assert tokens_of(prompt_of(history, WINDOW)) <= WINDOW.high
    prompt = prompt_of(history, smaller)
    assert tokens_of(prompt) <= smaller.high < tokens_of(history)
    assert prompt[-1] == history[-1]


@pytest.mark.parametrize("context", [8_000, 32_000, 128_000, 1_000_000])
def test_the_newest_observations_fit_every_window(context: int) -> None:
    window = window_of(context, fixed=context // 10)
    history = conversation([window.turn_characters] * 60)

    assert max(map(tokens_of, prompts(history, window))) <= 0.8 * context
    assert window.low < window.high <= 32_000
