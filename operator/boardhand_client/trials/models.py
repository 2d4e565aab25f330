"""Trying a model: its provider's list of models, and where that proves nothing, an answer of one token.

Plain HTTP: what runs need of the providers' own libraries is the runner's. Sources:
https://platform.openai.com/docs/api-reference/models, https://docs.mistral.ai/api/,
https://ai.google.dev/api/models, https://docs.anthropic.com/en/api/models-list
"""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from typing import Any

from boardhand_api.model import PlainModel, Provider
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.trial import Trial, told, wrong_of
from boardhand_operator.errors import CredentialsRefused, NotFound, PermissionMissing, Rejected, Remote
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, segment

_ADDRESSES = {
    Provider.OPENAI: "https://api.openai.com/v1",
    Provider.MISTRAL: "https://api.mistral.ai/v1",
    Provider.GOOGLE: "https://generativelanguage.googleapis.com/v1beta",
    Provider.ANTHROPIC: "https://api.anthropic.com/v1",
}
_LISTED = {Provider.GOOGLE: {"pageSize": "1000"}, Provider.ANTHROPIC: {"limit": "1000"}}
_OFFERED = 200
_SAY = "Say yes."


async def try_model(model: PlainModel, key: str | None, reach: Reach | None = None, secret: str = "") -> Trial:
    """See that the server takes the key and has the model. offers: the models there are. Never raises.

    secret: the name of the key's Secret, for messages. An answer of one token is asked for where the server lists its
    models to anybody, or not at all, or not this one.
    """
    reach = reach or Reach()
    found = await told(_name(model), reach.seconds, lambda: _tried(model, (key or "").strip(), reach, secret))
    if found.reason == "ModelMissing":
        near = difflib.get_close_matches(model.name, found.offers, 1, 0.4)
        return found.fixed_by(f"name: {near[0] if near else ' | '.join(found.offers[:10]) or '…'}")
    return found


def _name(model: PlainModel) -> str:
    return f"The model server {model.base_url}" if model.base_url else f"The model provider {model.provider}"


async def _tried(model: PlainModel, key: str, reach: Reach, secret: str) -> Trial:
    server = _Server.of(model, key, reach, secret)
    names: tuple[str, ...] | None = None
    try:
        names = await server.names()
        if not await _proved(server, model, key, reach, names):
            await server.one_token()
    except (NotFound, Rejected) as refused:
        return _unknown(model, refused, names or ())
    except CredentialsRefused as refused:
        return wrong_of(refused.reason, str(refused)).fixed_by(_key(secret))
    finally:
        await server.http.aclose()
    return Trial(True, f"{_name(model)} takes the key and has {model.name}", offers=names or ())


async def _proved(server: _Server, model: PlainModel, key: str, reach: Reach, names: tuple[str, ...] | None) -> bool:
    """Whether the list says it all: it has the model, and is not told to anybody."""
    if model.base_url is None and names is not None:
        # A name that stands for another one is not in the list; its provider knows it all the same.
        if model.name not in names:
            await server.look_up()
        return True
    return names is not None and model.name in names and not (key and await _told_to_anybody(model, reach))


async def _told_to_anybody(model: PlainModel, reach: Reach) -> bool:
    stranger = _Server.of(model, "", reach, "")
    try:
        return await stranger.names() is not None
    except (CredentialsRefused, PermissionMissing, Rejected):
        return False
    finally:
        await stranger.http.aclose()


@dataclass(frozen=True)
class _Server:
    """One model at its server."""

    model: PlainModel
    http: Client

    @classmethod
    def of(cls, model: PlainModel, key: str, reach: Reach, secret: str) -> _Server:
        vendor = Vendor(
            _name(model),
            f"It refused the key{f' in Secret {secret}' if secret else ''}: make a new one and put it under `apiKey`.",
            "The key's account may not use it: see its rights, and its plan, at the provider.",
            read_error=_sentence,
        )
        address = (model.base_url or _ADDRESSES[model.provider]).rstrip("/")
        if model.provider is Provider.ANTHROPIC:
            address = f"{address.removesuffix('/v1')}/v1"
        return cls(model, Client(vendor, address, _headers(model, key), [key], reach.connection()))

    async def names(self) -> tuple[str, ...] | None:
        """The models there are, or None where the server has no list of them. Raises Remote and Misconfigured."""
        try:
            body = await self.http.get("list its models", "/models", _LISTED.get(self.model.provider))
        except NotFound:
            return None
        except Rejected as refused:
            if refused.status == 405:
                return None
            raise _as_key(refused) from None
        if self.model.provider is Provider.GOOGLE:
            return tuple(str(one["name"]).removeprefix("models/") for one in body["models"])[:_OFFERED]
        return tuple(str(one["id"]) for one in body["data"])[:_OFFERED]

    async def look_up(self) -> None:
        """Raises NotFound where there is no such model."""
        await self.http.get(f"read model {self.model.name}", f"/models/{segment(self.model.name)}")

    async def one_token(self) -> None:
        """Raises NotFound or Rejected where there is no such model."""
        path, body = _smallest(self.model)
        await self.http.ask(f"say one word as {self.model.name}", path, body)


def _headers(model: PlainModel, key: str) -> dict[str, str]:
    if model.provider is Provider.ANTHROPIC:
        return {"anthropic-version": "2023-06-01"} | ({"x-api-key": key} if key else {})
    if not key:
        return {}
    return {"x-goog-api-key": key} if model.provider is Provider.GOOGLE else {"authorization": f"Bearer {key}"}


def _smallest(model: PlainModel) -> tuple[str, Any]:
    """The path and body of a question with an answer of one token."""
    if model.provider is Provider.GOOGLE:
        contents = [{"role": "user", "parts": [{"text": _SAY}]}]
        path = f"/models/{segment(model.name)}:generateContent"
        return path, {"contents": contents, "generationConfig": {"maxOutputTokens": 1}}
    body = {"model": model.name, "max_tokens": 1, "messages": [{"role": "user", "content": _SAY}]}
    return ("/messages" if model.provider is Provider.ANTHROPIC else "/chat/completions"), body


def _sentence(body: Any) -> str | None:
    """Of the errors of all four providers."""
    error = body[0].get("error") if isinstance(body, list) and body else body.get("error")
    said = error.get("message") if isinstance(error, dict) else None
    return said if isinstance(said, str) else None


def _as_key(refused: Rejected) -> Remote:
    """Google answers 400 to a key that is none."""
    if "API key" in refused.message:
        return CredentialsRefused(refused.service, refused.operation, refused.message)
    return refused


def _unknown(model: PlainModel, refused: NotFound | Rejected, names: tuple[str, ...]) -> Trial:
    if isinstance(refused, Rejected) and refused.status not in (400, 404, 422):
        raise refused
    there = ", ".join(map(repr, names[:10])) or "not told"
    said = f"{_name(model)} has no model {model.name!r} ({refused.message}); its models are: {there}"
    return wrong_of("ModelMissing", said, names)


def _key(secret: str) -> str:
    return f"put a key that is good under apiKey of Secret {secret}" if secret else "give a key that is good"
