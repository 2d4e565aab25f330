"""Pure: the Secret of a run with the tokens of its stages."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from boardhand_api.pod import Stage
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.decide.observe import parse_time
from boardhand_operator.names import git_secret_name
from boardhand_operator.specs.owned import metadata
from boardhand_operator.vendors.github.app import Token

Json = dict[str, Any]

ENDS = "boardhand.dev/tokens-end"
"""Annotation: when the first of the tokens ends."""
USERNAME = "x-access-token"
"""By which GitHub's git takes a token of an installation."""
_TOKENS = {Stage.CHECKOUT: "readToken", Stage.PUBLISH: "pushToken"}


def items(stage: Stage) -> list[dict[str, str]]:
    """Which keys of the Secret the stage sees, as the files that git's credentials always are: its own token alone."""
    return [{"key": "username", "path": "username"}, {"key": _TOKENS[stage], "path": "token"}]


def build(run: Json, tokens: Mapping[Stage, Token]) -> Json:
    """The Secret of the TicketRun object `run`, owned by it."""
    content = renewal(tokens)
    about = metadata(git_secret_name(run["metadata"]["name"]), run) | content["metadata"]
    return {"apiVersion": "v1", "kind": "Secret", "type": "Opaque", "metadata": about, "data": content["data"]}


def renewal(tokens: Mapping[Stage, Token]) -> Json:
    """What is patched in where the tokens are new."""
    texts = {"username": USERNAME} | {_TOKENS[stage]: token.text for stage, token in tokens.items()}
    data = {key: base64.b64encode(text.encode()).decode() for key, text in texts.items()}
    first = min(token.ends for token in tokens.values())
    return {"metadata": {"annotations": {ENDS: stamp(first)}}, "data": data}


def ends(body: Json) -> datetime | None:
    """When the first of the tokens in the Secret ends; None where it does not tell."""
    said = (body["metadata"].get("annotations") or {}).get(ENDS)
    return parse_time(said) if said else None
