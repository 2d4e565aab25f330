"""Trying a GitHub App that stages clone and push by: a token is minted of it as for a run, and git is asked with it."""

from __future__ import annotations

from collections.abc import Mapping

from boardhand_api.pod import Stage
from boardhand_client.trials.git import try_git
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.trial import Trial, told
from boardhand_operator.credentials import PUSH, Source
from boardhand_operator.minted.minter import Minter, is_app
from boardhand_operator.minted.secret import USERNAME
from boardhand_operator.vendors.github.app import APP_ID, PRIVATE_KEY
from boardhand_operator.views import Pool

KEYS = (APP_ID, PRIVATE_KEY)


async def try_app(pool: Pool, source: Source, credentials: Mapping[str, str], reach: Reach) -> Trial:
    """See that the App in these credentials may clone the pool's repository, or push to it. Never raises.

    source: where the pool gives them. The token that is minted can do no more than that, and ends within an hour.
    """
    return await told("GitHub", reach.seconds, lambda: _tried(pool, source, credentials, reach))


async def _tried(pool: Pool, source: Source, credentials: Mapping[str, str], reach: Reach) -> Trial:
    async def only(_: Pool, asked: Source) -> Mapping[str, str]:
        return credentials if asked.place == source.place else {}

    is_app(pool.spec, credentials, source.name)
    push, minter = source.place == PUSH, Minter(only, reach.connection())
    try:
        stages = await minter.stages(pool)
        token = await stages[Stage.PUBLISH if push else Stage.CHECKOUT].token()
    finally:
        await minter.aclose()
    held = {"username": USERNAME, "token": token.text}
    return await try_git(pool.spec.repository, held, push=push, reach=reach)
