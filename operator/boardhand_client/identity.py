"""Who asks the API server: how a session gets its credential, and never another one."""

from __future__ import annotations

import os
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from kubernetes.aio import client, config
from kubernetes.aio.config.config_exception import ConfigException
from multidict import CIMultiDict

from boardhand_client.errors import Unauthenticated, Unreachable

TOKEN_CHARACTERS = re.compile(r"[A-Za-z0-9._~+/=-]{1,16384}")
"""What a bearer token may consist of (RFC 6750, 2.1), and how much of it is taken for one."""
_WORDS = re.compile(r"[^\x00-\x1f\x7f]{1,256}")


_WRONG = (
    *(ConfigException, OSError, yaml.YAMLError, ValueError, KeyError, TypeError, AttributeError),
    RecursionError,
)
"""What the library raises of a file that is no kubeconfig, or of one that names what is not there."""


@dataclass
class Identity:
    """A connection's settings, and the headers that say who asks."""

    settings: client.Configuration
    headers: Callable[[], Mapping[str, str]] = dict
    """Asked for anew with each request: mounted tokens change."""
    renew: Callable[[], Awaitable[None]] | None = None
    """Gets the credential again, where it may have run out."""
    namespace: str = "default"
    """The one that commands mean which name none."""


async def of_kubeconfig(path: str | None, context: str | None) -> Identity:
    """As kubectl finds it: the file, else KUBECONFIG, else ~/.kube/config. Raises Unreachable where there is none."""
    files = path or os.environ.get("KUBECONFIG") or str(Path.home() / ".kube" / "config")
    settings = _settings()
    try:
        # It reads and writes files, and may start the program that gets the credential.
        loader = await config.load_kube_config(files, context, settings, persist_config=False)
        about = loader.current_context["context"]
    except _WRONG as wrong:
        raise unusable(files, wrong) from None

    async def renew() -> None:
        try:
            await loader.load_and_set(settings)
        except _WRONG as wrong:
            raise unusable(files, wrong) from None

    def headers() -> Mapping[str, str]:
        token = settings.api_key.get("BearerToken")
        return {"Authorization": token} if token else {}

    return Identity(settings, headers, renew, str(about.get("namespace") or "default"))


def unusable(files: str, wrong: Exception) -> Unreachable:
    """What is wrong with a kubeconfig, in a sentence."""
    said = str(wrong) if isinstance(wrong, (ConfigException, OSError)) else "it is no kubeconfig"
    return Unreachable(f"no kubeconfig can be used ({files}): {said}; see --kubeconfig and --context")


def of_token(server: str, ca: str | None, token: str) -> Identity:
    """By this bearer token alone. ca: file of certificate authorities. Raises Unauthenticated for what is no token."""
    if not TOKEN_CHARACTERS.fullmatch(token):
        raise Unauthenticated("that is no bearer token: kubectl create token NAME prints one")
    return Identity(_server(server, ca), lambda: {"Authorization": f"Bearer {token}"})


def of_impersonation(server: str, ca: str | None, token_file: Path, user: str, groups: Sequence[str]) -> Identity:
    """As this user, by the right of the token's owner to impersonate: groups are taken as they are given.

    Raises Unauthenticated for a name that is none.
    """
    if not all(_WORDS.fullmatch(one) for one in (user, *groups)):
        raise Unauthenticated("the proxy in front names nobody, or somebody by signs that no name has")
    said: CIMultiDict[str] = CIMultiDict({"Impersonate-User": user})
    for group in groups:
        said.add("Impersonate-Group", group)

    def headers() -> Mapping[str, str]:
        both = said.copy()
        both["Authorization"] = f"Bearer {token_file.read_text().strip()}"
        return both

    return Identity(_server(server, ca), headers)


def _server(server: str, ca: str | None) -> client.Configuration:
    settings = _settings()
    settings.host, settings.ssl_ca_cert = server.rstrip("/"), ca
    # No proxy and no netrc of this process: its own credentials are none of the visitor's.
    settings.client_session_kwargs = {"trust_env": False}
    return settings


def _settings() -> Any:
    # Called as it is, the class answers with a copy of what the process once set as its default.
    return type.__call__(client.Configuration)
