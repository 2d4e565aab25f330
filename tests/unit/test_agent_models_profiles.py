"""Profiles: which one a name has, and what comes of it; and a model's fallback, through the whole graph."""

from __future__ import annotations

import re
import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from langchain_core.exceptions import ContextOverflowError
from langchain_core.messages import AIMessage, SystemMessage

from boardhand_api.events import FellBack, parse_event
from boardhand_api.model import CallFormat, EditFormat, Model, PlainModel, Price, Profile, Provider
from boardhand_runner.errors import Configuration
from boardhand_runner.models import Mind, build
from boardhand_runner.models.profiles import Abilities, abilities_of
from tests.support.benches import lay_out
from tests.support.runs import EDIT, FILES, FINISH, ROUTE, TEXT, Run
from tests.support.scripted import ScriptedChatModel, answer, calls

PATTERNS = {
    "qwen2.5-coder:1.5b": "small", "qwen2.5-coder:7b-instruct-q4_K_M": "small", "llama-3.2-3B": "small",
    "deepseek-coder-6.7b": "small", "codellama/CodeLlama-7b-hf": "small", "qwen3:0.6b": "small",
    "llama3.1:8b": "local", "qwen2.5-coder:14b": "local", "qwen3-coder-30b-a3b": "local", "gemma3:27b": "local",
    "llama3.1:70b": "default", "mixtral-8x7b": "default", "gpt-oss:120b": "default", "boardhand-scripted": "default",
    "gpt-5-mini-2025-08-07": "gpt", "claude-any-9": "claude", "gemini-2.5-flash": "gemini",
    "codestral-2508": "mistral",
}  # fmt: skip
SIGNS = {
    "small": Abilities(8192, None, EditFormat.WHOLE_FILE, CallFormat.TEXT, False, False, True),
    "local": Abilities(32768, parallel_calls=False),
    "default": Abilities(128_000),
    "gpt": Abilities(400_000),
    "claude": Abilities(200_000, prompt_caching=True),
    "gemini": Abilities(1_000_000),
    "mistral": Abilities(128_000),
}


@pytest.mark.parametrize(("name", "kind"), PATTERNS.items())
def test_a_name_tells_the_profile(name: str, kind: str) -> None:
    assert abilities_of(Model(name=name)) == SIGNS[kind]


def test_a_pool_replaces_fields_or_names_another_profile() -> None:
    fields = Profile(context_tokens=32_768, calls=CallFormat.NATIVE)
    assert abilities_of(Model(name="qwen2.5-coder:7b", profile=fields)) == Abilities(
        32_768, None, EditFormat.WHOLE_FILE, CallFormat.NATIVE, False, False, True
    )
    assert abilities_of(Model(name="my-tune", profile=Profile(name="small-local"))) == SIGNS["small"]
    with pytest.raises(Configuration, match=r"ProfileUnknown.*small-local"):
        abilities_of(Model(name="m", profile=Profile(name="tiny")))


def test_a_profile_that_is_not_there_is_told_before_the_run_even_of_a_fallback(tmp_path: Path) -> None:
    wrong = PlainModel(name="m", profile=Profile(name="tiny"))
    with pytest.raises(Configuration, match="ProfileUnknown"):
        build(Model(name="m", fallback=wrong), tmp_path)


def test_a_fallback_has_a_key_and_a_profile_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "model-large-fallback").mkdir()
    (tmp_path / "model-large-fallback" / "apiKey").write_text("second")
    spare = PlainModel(name="qwen2.5-coder:7b", base_url="http://127.0.0.1:9/v1")
    mind = build(Model(name="m", base_url="http://127.0.0.1:9/v1", fallback=spare), tmp_path / "model-large")

    assert mind.active is mind
    assert mind.fallback is not None
    assert mind.fallback.abilities == SIGNS["small"]
    assert mind.fallback.chat.openai_api_key.get_secret_value() == "second"  # type: ignore[attr-defined]
    mind.replaced = True
    assert mind.active is mind.fallback


IMPORTS = """
import pathlib, sys
import boardhand_runner.agent, boardhand_runner.work
from boardhand_api.model import Model, PlainModel
from boardhand_runner.models import build

def loaded():
    return sorted(name for name in sys.modules if name in
        ("langchain_openai", "langchain_mistralai", "langchain_google_genai", "langchain_anthropic"))

print(loaded())
build(Model(provider="mistral", name="m", fallback=PlainModel(provider="anthropic", name="n")), pathlib.Path("x"))
print(loaded())
"""


@pytest.mark.slow
def test_a_library_is_imported_only_where_it_is_used() -> None:
    done = subprocess.run([sys.executable, "-c", IMPORTS], capture_output=True, text=True, check=True)

    assert done.stdout.splitlines() == ["[]", "['langchain_mistralai']"]


def test_a_library_that_is_not_installed_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "anthropic", None)
    monkeypatch.delitem(sys.modules, "boardhand_runner.models.anthropic", raising=False)
    with pytest.raises(Configuration, match=r"ProviderMissing.*boardhand\[anthropic\]"):
        build(Model(provider=Provider.ANTHROPIC, name="m"), tmp_path)


class TwoModels(Run):
    """A run whose large model has abilities of its own, and may have a fallback."""

    def __init__(self, root: Path) -> None:
        super().__init__(lay_out(root, FILES))
        self.abilities = Abilities()
        self.spare: Mind | None = None

    def _mind(self, model: Model, secret: Path) -> Mind:
        mind = super()._mind(model, secret)
        if model.name != "small":
            mind.abilities = self.abilities
            mind.spare = (lambda: self.spare) if self.spare else None  # type: ignore[assignment,return-value]
        return mind

    @property
    def fallbacks(self) -> list[FellBack]:
        events = [parse_event(line) for line in self.log.splitlines()]
        return [event for event in events if isinstance(event, FellBack)]


@pytest.fixture
def run(tmp_path: Path) -> TwoModels:
    return TwoModels(tmp_path / "run")


def test_a_small_local_model_solves_a_ticket_as_text(run: TwoModels) -> None:
    run.abilities = SIGNS["small"]
    result = run(
        [
            answer("[[call read_file]]\npath: total.sh\n[[end]]"),
            answer("[[call write_file]]\nthe file total.sh please\n[[end]]"),
            answer("[[call write_file]]\npath: total.sh\ncontent:\ntotal() { echo $(($1 * 2)); }\n[[end]]"),
            answer("[[call run]]\ncommand: sh check.sh\n[[end]]"),
            answer("[[call finish]]\nsummary: It doubles.\n[[end]]"),
        ]
    )

    assert result.failure is None
    assert not result.partial
    assert run.git("show", "HEAD:total.sh") == "total() { echo $(($1 * 2)); }"
    assert run.nudges == ["BadArguments"]
    system = run.large.asked[0][0]
    assert isinstance(system, SystemMessage)
    assert set(re.findall(r"\[\[call ([a-z_]+)\]\]", system.text)) == {
        "read_file", "list_files", "search", "write_file", "run", "finish",
    }  # fmt: skip
    assert len(system.text) < 3100
    fence = run.large.asked[0][1].text.split("\n")[0].removeprefix("<ticket ").removesuffix(">")
    assert f"Result of read_file:\n<result {fence}>\n1\ttotal()" in run.large.asked[1][-1].text
    assert run.large.asked[0] == run.large.asked[-1][:2]


def spare_of(said: list[Any], context_tokens: int = 500_000) -> Mind:
    chat = ScriptedChatModel(answers=said, asked=[], offered=[])
    price = Price(prompt=Decimal(100), completion=Decimal(0))
    return Mind("spare", chat, price, abilities=Abilities(context_tokens))


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [(TimeoutError("no answer"), "ModelUnavailable"), (ContextOverflowError("too long"), "ContextOverflow")],
)
def test_the_fallback_answers_for_the_rest_of_the_run(run: TwoModels, trouble: Exception, reason: str) -> None:
    run.spare = spare_of([EDIT, FINISH])
    result = run([EDIT.model_copy(update={"tool_calls": []}), trouble], small=[ROUTE, TEXT])

    assert result.failure is None
    assert [(event.model, event.fallback, event.reason) for event in run.fallbacks] == [("scripted", "spare", reason)]
    steps = [step for step in run.steps if step.role == "coder"]
    # One answer of the first at $1 and $10 a million, two of the fallback at $100.
    assert [step.usage.money for step in steps] == [Decimal("0.0002"), Decimal("0.01"), Decimal("0.01")]
    chat = run.spare.chat
    assert isinstance(chat, ScriptedChatModel)
    assert len(chat.asked) == 2


BLOCKS = [{"type": "thinking", "thinking": "Hm.", "signature": "c2ln"}, {"type": "text", "text": "Look."}]


def test_what_the_first_wrote_in_blocks_of_its_own_reaches_the_fallback_as_text(run: TwoModels) -> None:
    run.spare = spare_of([EDIT.model_copy(update={"content": BLOCKS}), FINISH])
    look = calls(("read_file", {"path": "total.sh"})).model_copy(update={"content": BLOCKS})
    result = run([look, look, TimeoutError("no answer")], small=[ROUTE, TEXT])

    assert result.failure is None
    first, spare = run.large.asked, run.spare.chat
    assert isinstance(spare, ScriptedChatModel)
    # To whoever wrote it, it goes back as it came: parts of it may be signed.
    assert [message.content for message in first[1] if isinstance(message, AIMessage)] == [BLOCKS]
    told = [message for message in spare.asked[1] if isinstance(message, AIMessage)]
    assert [message.content for message in told] == ["Look.", "Look.", BLOCKS]
    assert all(message.tool_calls for message in told)


def test_a_fallback_with_a_smaller_context_does_not_help_against_overflow(run: TwoModels) -> None:
    run.spare = spare_of([EDIT], context_tokens=8192)
    result = run([ContextOverflowError("too long")])

    assert result.failure is not None
    assert result.failure.reason == "ContextOverflow"
    assert run.fallbacks == []


def test_where_the_fallback_is_away_too_the_run_is_infrastructure(run: TwoModels) -> None:
    run.spare = spare_of([TimeoutError("no answer")])
    run.spare.errors = (TimeoutError,)
    result = run([TimeoutError("no answer")])

    assert result.failure is not None
    assert result.failure.reason == "ModelUnavailable"
    assert "spare" in result.failure.message
    assert len(run.fallbacks) == 1
