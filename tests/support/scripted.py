"""A chat model that gives written answers in order: a fake for tests, not a language model."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from langchain_core.callbacks import CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolCall
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable

Said = AIMessage | Exception


def calls(*wanted: tuple[str, dict[str, Any]], text: str = "", **more: Any) -> AIMessage:
    """An answer that calls tools, in the order given."""
    made = [ToolCall(name=name, args=arguments, id=f"{name}-{at}") for at, (name, arguments) in enumerate(wanted)]
    return answer(text, tool_calls=made, **more)


def answer(text: str, prompt: int = 100, completion: int = 10, **more: Any) -> AIMessage:
    """An answer with usage figures."""
    usage = {"input_tokens": prompt, "output_tokens": completion, "total_tokens": prompt + completion}
    return AIMessage(text, usage_metadata=usage, **more)


class ScriptedChatModel(BaseChatModel):
    """Gives `answers` in order and the last one for ever; an exception among them is raised."""

    answers: list[Any]
    asked: list[list[BaseMessage]] = []
    """The messages of each request."""
    offered: list[list[str]] = []
    """The tools' names of each request."""

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        names = [getattr(tool, "name", getattr(tool, "__name__", "")) for tool in tools]
        return self.bind(offered=names)

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        offered: Sequence[str] = (),
        **kwargs: Any,
    ) -> ChatResult:
        said: Said = self.answers[min(len(self.asked), len(self.answers) - 1)]
        self.asked.append(list(messages))
        self.offered.append(list(offered))
        if isinstance(said, Exception):
            raise said
        return ChatResult(generations=[ChatGeneration(message=said.model_copy(update={"id": None}, deep=True))])
