"""Tool calls as text, for models that have none of their own: blocks that a model of 1.5 billion parameters can write.

    [[call write_file]]
    path: src/app.py
    content:
    print("as it is, without quotes or escapes")
    [[end]]

Read generously: a fence around a value, a missing end, and the JSON that some models were trained to write are taken.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from langchain_core.messages import InvalidToolCall, ToolCall
from langchain_core.tools import BaseTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import BaseModel

from boardhand_runner.models.arguments import loads

_BEGIN = re.compile(r"^[ \t`*]*\[\[\s*call\s+[`\"']?([\w.-]+)[`\"']?\s*\]\][ \t`*]*$", re.IGNORECASE | re.MULTILINE)
_END = re.compile(r"^[ \t`*]*\[\[\s*/?end(?:\s+call)?\s*\]\][ \t`*]*$", re.IGNORECASE | re.MULTILINE)
_JSON = re.compile(r"<tool_call>\s*(.*?)\s*(?:</tool_call>|\Z)", re.DOTALL)
_ARGUMENT = re.compile(r"([A-Za-z_]\w*)[ \t]*:(?:[ \t](.*))?$")
_QUOTED = re.compile(r"""(["'])((?:(?!\1).)*)\1""")
_FENCE = re.compile(r"\A```[\w+.-]*\n(.*?)\n?```\s*\Z", re.DOTALL)

NEWLINE = "\n"
END = "[[end]]"

Schemas = Mapping[str, Mapping[str, Any]]
"""The arguments' JSON schemas by tool and argument."""


@dataclass
class Written:
    """What an answer holds."""

    text: str
    """Without the calls."""
    calls: list[ToolCall] = field(default_factory=list)
    broken: list[InvalidToolCall] = field(default_factory=list)


def functions(tools: Sequence[BaseTool | type[BaseModel]]) -> list[dict[str, Any]]:
    """Name, description and JSON schema of each tool."""
    return [convert_to_openai_tool(tool)["function"] for tool in tools]


def schemas(described: Sequence[Mapping[str, Any]]) -> Schemas:
    """What `read` needs of `functions`."""
    return {each["name"]: each["parameters"].get("properties", {}) for each in described}


def read(answer: str, tools: Schemas, *, only_first: bool = False) -> Written:
    """The calls in a model's answer, in their order; those whose arguments cannot be read are `broken`."""
    begins = list(_BEGIN.finditer(answer))
    if not begins:
        return _read_json(answer, only_first)
    if only_first:
        answer = answer[: begins[1].start()] if begins[1:] else answer
        begins = begins[:1]
    written = Written(answer)
    written.text = answer[: begins[0].start()].rstrip("`\n ")
    ends = [*(begin.start() for begin in begins[1:]), len(answer)]
    for begin, stop in zip(begins, ends, strict=True):
        # The last end counts: a file that is written may hold such a line itself.
        marks = [end.start() for end in _END.finditer(answer, begin.end(), stop)]
        body = answer[begin.end() : marks[-1] if marks else stop]
        _take(written, begin[1], body.removeprefix("\n"), tools.get(begin[1], {}))
    return written


def write(name: str, arguments: Mapping[str, Any]) -> str:
    """A call as a block, the longer arguments last."""
    lines = [f"[[call {name}]]"]
    for key, value in sorted(arguments.items(), key=lambda pair: _below(pair[1])):
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
        lines.append(f"{key}:\n{text.removesuffix(NEWLINE)}" if _below(value) else f"{key}: {text}")
    return "\n".join([*lines, END])


def _below(value: Any) -> bool:
    """Whether it has to stand below its name."""
    return isinstance(value, str) and ("\n" in value or value != value.strip() or value[:1] in ('"', "'", "`", ""))


def _take(written: Written, name: str, body: str, properties: Mapping[str, Any]) -> None:
    number = f"text{len(written.calls) + len(written.broken)}"
    try:
        arguments = _json_object(body) if body.lstrip().startswith("{") else dict(_arguments(body, properties))
    except ValueError as wrong:
        broken = InvalidToolCall(type="invalid_tool_call", name=name, args=body, id=number, error=str(wrong))
        written.broken.append(broken)
    else:
        written.calls.append(ToolCall(name=name, args=arguments, id=number))


def _arguments(body: str, properties: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """The arguments of a block: `name: value`, or `name:` and lines up to the next name that is still to come.

    Raises ValueError where a line belongs to no argument, or a value does not have its type.
    """
    given: dict[str, list[str]] = {}
    current = None
    for line in body.removesuffix("\n").split("\n"):
        found = _ARGUMENT.match(line)
        opens = found and found[1] not in given and (found[1] in properties or not properties)
        # Below `name:` only another bare `name:` ends the lines: code is full of words with a colon.
        if found and opens and not (current and given[current][:1] == [""] and found[2]):
            current = found[1]
            given[current] = [found[2] or ""]
        elif current:
            given[current].append(line)
        elif line.strip() and not line.strip().startswith("```"):
            raise ValueError(f"the line {line.strip()[:80]!r} is no argument; write `name: value`")
    for name, lines in given.items():
        yield name, _value(lines, properties.get(name))


def _value(lines: Sequence[str], schema: Mapping[str, Any] | None) -> Any:
    """Several lines are whole lines; a single one is taken without its end, and inline also without quotes."""
    below = lines[0] == "" and len(lines) > 1
    text = "\n".join(lines[1:] if below else lines)
    if (fenced := _FENCE.match(text.strip())) and "\n```" not in fenced[1]:
        text = fenced[1]
    if schema is None or schema.get("type", "string") == "string":
        quoted = None if below else _QUOTED.fullmatch(text.strip())
        return quoted[2] if quoted else text + "\n" if "\n" in text else text
    try:
        return loads(text)
    except ValueError:
        raise ValueError(f"{text.strip()[:80]!r} is no {schema.get('type')}") from None


def _read_json(answer: str, only_first: bool) -> Written:
    """The other form: `<tool_call>{"name": …, "arguments": {…}}</tool_call>`, or that object alone, fenced or not."""
    written = Written(answer)
    alone = _FENCE.match(answer.strip())
    whole = (alone[1] if alone else answer).strip()
    found = _JSON.findall(answer)
    if not found and whole.startswith("{") and '"name"' in whole and '"arguments"' in whole:
        found = [whole]
    if found:
        written.text = answer.split("<tool_call>")[0].strip() if "<tool_call>" in answer else ""
    for text in found[: 1 if only_first else None]:
        number = f"text{len(written.calls) + len(written.broken)}"
        try:
            call = _json_object(text)
            arguments = call["arguments"]
            if isinstance(call["name"], str) and isinstance(arguments, dict):
                written.calls.append(ToolCall(name=call["name"], args=arguments, id=number))
                continue
            problem = "`arguments` is no object"
        except (ValueError, KeyError) as wrong:
            problem = f"no object with `name` and `arguments`: {wrong}"
        broken = InvalidToolCall(type="invalid_tool_call", name=None, args=text, id=number, error=problem)
        written.broken.append(broken)
    return written


def _json_object(text: str) -> dict[str, Any]:
    loaded = loads(text.strip())
    if not isinstance(loaded, dict):
        raise ValueError("no JSON object")  # noqa: TRY004 - to the caller it is as bad as broken JSON
    return loaded
