"""The words models are given: YAML files of Jinja2 templates, one a node, and the nudges.

Undefined variables are errors. Whatever people or programs outside wrote goes through the `data` filter.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache, partial
from importlib import resources

import yaml
from jinja2 import Environment, StrictUndefined
from langchain_core.messages import BaseMessage, HumanMessage, SystemMessage

from boardhand_runner.prompts.boundary import guarded, visible
from boardhand_runner.texts import encodable


def opening(name: str, fence: str, values: Mapping[str, object]) -> list[BaseMessage]:
    """The system and the user message that open a node's conversation. Names of files need not be UTF-8."""
    environment = _environment(fence)
    system, user = (environment.from_string(_file(name)[part]) for part in ("system", "user"))
    return [
        SystemMessage(encodable(system.render(**values, fence=fence).strip())),
        HumanMessage(encodable(user.render(**values, fence=fence).strip())),
    ]


def nudge_text(reason: str, fence: str, **values: object) -> str:
    """What the harness says for this reason."""
    return encodable(_environment(fence).from_string(_file("nudges")[reason]).render(**values).strip())


def rules(name: str, **values: object) -> str:
    """What stands in the file `name` under `rules`: a part of a system message."""
    return _environment("").from_string(_file(name)["rules"]).render(**values).strip()


def _environment(fence: str) -> Environment:
    # The texts are for a model, not for a browser: escaping HTML would only spoil code in them.
    environment = Environment(undefined=StrictUndefined, autoescape=False, trim_blocks=True, lstrip_blocks=True)  # noqa: S701
    environment.filters["data"] = partial(fenced, fence=fence)
    return environment


def fenced(text: str, name: str, fence: str) -> str:
    """The text between two lines that it does not contain: `fence` is random, and taken out of the text where whoever
    saw it wrote it down. What no reader would see is said in words."""
    return f"<{name} {fence}>\n{visible(guarded(text.strip(), fence))}\n</{name} {fence}>"


@cache
def _file(name: str) -> dict[str, str]:
    loaded: dict[str, str] = yaml.safe_load(resources.files(__package__).joinpath(f"{name}.yaml").read_text("utf-8"))
    return loaded
