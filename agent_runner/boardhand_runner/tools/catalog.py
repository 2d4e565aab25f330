"""Which tools a specialist has, and what calling one by name and arguments comes to."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

from langchain_core.tools import BaseTool, StructuredTool
from langchain_core.utils.function_calling import convert_to_openai_tool
from pydantic import Field, ValidationError

from boardhand_api.model import EditFormat
from boardhand_runner.context import text_tokens
from boardhand_runner.errors import Configuration, ToolError
from boardhand_runner.history import ANALYST, BUGFIXER, CODER, Outcome
from boardhand_runner.texts import encodable
from boardhand_runner.tools.arguments import Arguments
from boardhand_runner.tools.bounds import bounded
from boardhand_runner.tools.command import told
from boardhand_runner.tools.job_tools import job_tools
from boardhand_runner.tools.todo import TodoItem, todo

if TYPE_CHECKING:
    from boardhand_runner.models.profiles import Abilities
    from boardhand_runner.tools.command import Bench
    from boardhand_runner.tools.files import WorkTree
    from boardhand_runner.tools.jobs import Jobs
    from boardhand_runner.tools.map import RepositoryMap

FINISH, ASK = "finish", "ask"
WRITING = frozenset({"edit_file", "write_file", "insert_lines"})
"""Tools that change a file where they succeed."""
PIECEWISE = frozenset({"edit_file", "insert_lines"})
"""Edits that quote the file exactly."""
NEEDED = frozenset({"read_file", "list_files", "search", "write_file", "edit_file", "run", FINISH})
"""The tools that no ticket can be done without; a small model is told of no others. A plan and a map to be asked for
would take more of its window than they give in the few steps that it holds."""
_BOUNDED_ITSELF = frozenset({"read_file", "search", "run"})

Path_ = Field(description="Relative to the repository's root, such as src/app.py.")


class ReadFile(Arguments):
    path: str = Path_
    start_line: int = Field(1, description="The first line to show; lines count from 1.")
    limit: int = Field(400, description="How many lines to show.")


class ListFiles(Arguments):
    pattern: str = Field("**", description="A glob, such as src/**/*.py.")


class Search(Arguments):
    pattern: str = Field(description="A regular expression.")
    path: str = Field(".", description="A folder or a glob to search in.")


class EditFile(Arguments):
    path: str = Path_
    old: str = Field(description="The exact text to replace; it must stand in the file exactly once.")
    new: str = Field(description="The text to put in its place.")


class WriteFile(Arguments):
    path: str = Path_
    content: str = Field(description="The whole new content.")


class InsertLines(Arguments):
    path: str = Path_
    line: int = Field(description="Insert after this line; 0 inserts before the first.")
    text: str = Field(description="Whole lines.")


class ShowMap(Arguments):
    path: str = Field(".", description="The folder to show; . is the whole repository.")


class Todo(Arguments):
    items: list[TodoItem] = Field(description="The whole plan, in order.", min_length=1, max_length=40)


class Run(Arguments):
    command: str = Field(description="A shell command; it starts in the repository's root.", min_length=1)


class Ask(Arguments):
    question: str = Field(description="The question, so that a person can answer it without the code.", min_length=1)


class Finish(Arguments):
    summary: str = Field(description="For a change: why it is right. For a question: the whole answer.", min_length=1)


@dataclass(frozen=True)
class Answer:
    """What a call came to, for the model to read."""

    text: str
    outcome: Outcome


class Catalog:
    """The tools of one specialist, by name."""

    def __init__(self, tools: Sequence[BaseTool]) -> None:
        self.tools = list(tools)
        self._by_name = {tool.name: tool for tool in tools}

    @property
    def names(self) -> list[str]:
        return list(self._by_name)

    def tokens(self, abilities: Abilities) -> int:
        """A conservative estimate of what the descriptions of the offered tools take of every prompt."""
        return sum(self._described[tool.name] for tool in self.offered(abilities))

    @cached_property
    def _described(self) -> dict[str, int]:
        return {tool.name: text_tokens(json.dumps(convert_to_openai_tool(tool))) for tool in self.tools}

    def offered(self, abilities: Abilities) -> list[BaseTool]:
        """What a model of these abilities is told of. A call of another tool is carried out all the same."""
        hidden = PIECEWISE if abilities.edits is EditFormat.WHOLE_FILE else frozenset()
        return [
            tool
            for tool in self.tools
            if tool.name not in hidden and (tool.name in NEEDED or not abilities.small_prompt)
        ]

    async def call(self, name: str, arguments: dict[str, Any]) -> Answer:
        """Never raises for what the model did wrong; a RunnerError of the tool passes through."""
        tool = self._by_name.get(name)
        if tool is None:
            return Answer(f"There is no tool {name}. The tools are: {', '.join(self.names)}.", Outcome.UNKNOWN)
        if arguments.get("type") == "tool_call" and "type" not in tool.args:
            # LangChain would take them for a call of its own making, with arguments that nobody looked at.
            return Answer("Not carried out: type: this tool has no such argument.", Outcome.BAD)
        try:
            text = encodable(str(await tool.ainvoke(arguments)))
        except ValidationError as error:
            return Answer(f"Not carried out: {_problems(error)}", Outcome.BAD)
        except ToolError as error:
            return Answer(bounded(encodable(f"Error: {error}")), Outcome.FAILED)
        return Answer(text if name in _BOUNDED_ITSELF else bounded(text), Outcome.DONE)


def catalogs(
    files: WorkTree,
    maps: RepositoryMap,
    bench: Bench,
    command_seconds: float,
    git_tools: Sequence[BaseTool],
    pool_tools: Mapping[str, Sequence[BaseTool]],
    jobs: Jobs,
) -> dict[str, Catalog]:
    """Each specialist's tools, with those that the pool gives it.

    The analyst has none that writes: a command could, so it has no commands either. Raises Configuration where two
    tools have one name.
    """
    reading = [*_reading(files, maps), *git_tools, *_ending()]
    working = [*reading, *_writing(files), _run(bench, command_seconds, jobs), *job_tools(jobs)]
    own = {CODER: working, BUGFIXER: working, ANALYST: reading}
    return {name: Catalog(_distinct([*tools, *pool_tools.get(name, [])])) for name, tools in own.items()}


def _distinct(tools: Sequence[BaseTool]) -> Sequence[BaseTool]:
    twice = [name for name, count in Counter(tool.name for tool in tools).items() if count > 1]
    if twice:
        raise Configuration(
            "McpToolClash",
            f"There are two tools called {', '.join(twice)}: give the server another name in spec.mcpServers.",
        )
    return tools


def _reading(files: WorkTree, maps: RepositoryMap) -> list[BaseTool]:
    return [
        _tool("read_file", ReadFile, files.read_file, "Show lines of a text file, with their numbers."),
        _tool("list_files", ListFiles, files.list_files, "List the repository's files that match a glob."),
        _tool("search", Search, files.search, "Find lines that match a regular expression."),
        _tool("repository_map", ShowMap, maps.show, "Show a folder's files with what they define, most used first."),
    ]


def _writing(files: WorkTree) -> list[BaseTool]:
    return [
        _tool("edit_file", EditFile, files.edit_file, "Replace one exact, unique piece of a file."),
        _tool("write_file", WriteFile, files.write_file, "Write a whole file, new or not."),
        _tool("insert_lines", InsertLines, files.insert_lines, "Insert lines into a file."),
    ]


def _run(bench: Bench, seconds: float, jobs: Jobs) -> BaseTool:
    async def run(command: str) -> str:
        result = await bench.run(command, seconds)
        return f"{told(result)}\n{jobs.lost()}".rstrip() if result.lost else told(result)

    text = "Run a shell command where the project's tools are installed, and see its exit code and output."
    return StructuredTool(name="run", description=text, args_schema=Run, coroutine=run)


def _ending() -> list[BaseTool]:
    def finish(summary: str) -> str:  # noqa: ARG001 - the tools node reads it from the call
        return "The work is handed to the harness."

    def ask(question: str) -> str:
        return f"The run ends here with the question: {question}"

    return [
        _tool(
            "todo", Todo, todo, "Write down your plan, whole, whenever a step of it changes. It stays in your sight."
        ),
        _tool(FINISH, Finish, finish, "Say that the ticket is done."),
        _tool(ASK, Ask, ask, "End the run with a question that only a person can answer."),
    ]


def _tool(name: str, schema: type[Arguments], function: Callable[..., str], description: str) -> BaseTool:
    return StructuredTool(name=name, description=description, args_schema=schema, func=function)


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(str(part) for part in problem['loc']) or 'arguments'}: {problem['msg']}"
        for problem in error.errors(include_url=False)
    )
