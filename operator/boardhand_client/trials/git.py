"""Trying the token that stages clone and push with over http, as git itself begins: by the server's list of refs.

https://git-scm.com/docs/http-protocol ("Smart Clients"). Who may not push is refused that list for git-receive-pack.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping

from boardhand_api import pool
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.trial import Trial, told, wrong_of
from boardhand_operator.errors import NotFound
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client
from boardhand_operator.plugins import require_keys

UNTRIED = "Untried"
"""Why a trial says nothing: only the stages can tell."""
_KEYS = ("username", "token")


async def try_git(
    repository: pool.Repository, credentials: Mapping[str, str], *, push: bool, reach: Reach | None = None
) -> Trial:
    """See whether the repository can be cloned, or pushed to, with these. Nothing is written. Never raises.

    credentials: `username` and `token`, or nothing where the repository is public.
    """
    reach = reach or Reach()
    return await told(
        f"The git server of {repository.url}", reach.seconds, lambda: _asked(repository, credentials, push, reach)
    )


async def _asked(repository: pool.Repository, credentials: Mapping[str, str], push: bool, reach: Reach) -> Trial:
    headers, secrets = dict[str, str](), list[str]()
    kind = "push" if push else "read"
    if credentials:
        field = f"spec.repository.{kind}SecretRef"
        reference = repository.push_secret_ref if push else repository.read_secret_ref
        require_keys(credentials, _KEYS, reference.name if reference else f"({field})", field)
        username, token = (credentials[key].strip() for key in _KEYS)
        pair = base64.b64encode(f"{username}:{token}".encode()).decode()
        headers, secrets = {"authorization": f"Basic {pair}"}, [token, pair]
    service = "git-receive-pack" if push else "git-upload-pack"
    refused = f"It refused the {kind} credentials `username` and `token` of the repository: give valid ones."
    wanted = f"The account must be let {'push to' if push else 'read'} {repository.url}."
    http = Client(
        Vendor("The git server", refused, wanted), repository.url.rstrip("/"), headers, secrets, reach.connection()
    )
    does = "push" if push else "clone"
    try:
        said = await http.text(f"begin to {does}", "/info/refs", {"service": service})
    except NotFound:
        missing = f"there is no repository {repository.url}, or the account may not see it: correct spec.repository.url"
        return wrong_of("RepositoryMissing", missing)
    finally:
        await http.aclose()
    if f"# service={service}" not in said[:40]:
        return wrong_of("NotAGitRepository", f"{repository.url} does not answer as a git repository over http")
    return Trial(True, f"{repository.url} lets {'the account' if credentials else 'anybody'} {does}")
