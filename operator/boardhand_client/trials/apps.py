"""Trying a GitHub App that stages clone and push by: a token is minted of it as for a run, and git is asked with it."""

from __future__ import annotations

from collections.abc import Mapping

from boardhand_api import pool
from boardhand_api.base import SecretRef
from boardhand_api.pod import Stage
from boardhand_api.pool_status import CodingAgentStatus
from boardhand_client.trials.git import try_git
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.trial import Trial, told
from boardhand_operator.credentials import PUSH, READ, Source, sources
from boardhand_operator.minted.minter import Minter, is_app
from boardhand_operator.minted.secret import USERNAME
from boardhand_operator.vendors.github.app import APP_ID, PRIVATE_KEY
from boardhand_operator.views import Pool

KEYS = (APP_ID, PRIVATE_KEY)
_UNNAMED = SecretRef(name="typed")


async def try_app(
    repository: pool.Repository,
    forge: pool.Forge | None,
    credentials: Mapping[str, str],
    *,
    push: bool,
    reach: Reach | None = None,
) -> Trial:
    """See that the App in these credentials may clone the repository, or push to it. Never raises.

    forge: the pool's, which says where GitHub is. The token that is minted can do no more than that, and ends within an
    hour.
    """
    reach = reach or Reach()
    made, place = _pool(repository, forge), PUSH if push else READ
    return await told("GitHub", reach.seconds, lambda: _tried(made, sources(made.spec)[place], credentials, reach))


async def _tried(made: Pool, source: Source, credentials: Mapping[str, str], reach: Reach) -> Trial:
    async def only(_: Pool, asked: Source) -> Mapping[str, str]:
        return credentials if asked.place == source.place else {}

    is_app(made.spec, credentials, source.name)
    push, minter = source.place == PUSH, Minter(only, reach.connection())
    try:
        stages = await minter.stages(made)
        token = await stages[Stage.PUBLISH if push else Stage.CHECKOUT].token()
    finally:
        await minter.aclose()
    held = {"username": USERNAME, "token": token.text}
    return await try_git(made.spec.repository, held, push=push, reach=reach)


def _pool(repository: pool.Repository, forge: pool.Forge | None) -> Pool:
    """A pool of nothing else: while one is being written, the rest is not there yet."""
    given = {name: _UNNAMED for name in ("read", "push") if not _named(repository, name)}
    whole = repository.model_copy(update={f"{name}_secret_ref": reference for name, reference in given.items()})
    other = {"models": {"large": {"name": "none"}}, "workbench": {"image": "none:1"}}
    spec = pool.CodingAgentSpec.model_validate({"repository": whole, "forge": forge, **other})
    return Pool({"metadata": {"namespace": "none", "name": "none", "uid": "none"}}, spec, CodingAgentStatus())


def _named(repository: pool.Repository, name: str) -> bool:
    return bool(getattr(repository, f"{name}_secret_ref") or getattr(repository, f"{name}_sealed"))
