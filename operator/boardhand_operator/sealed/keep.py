"""A run's Secret with what is sealed for its stages: made with the Job, renewed with the pool, gone with the end."""

from __future__ import annotations

import hashlib
import json
import logging

from boardhand_operator.act import own_secret
from boardhand_operator.act.doing import Doing
from boardhand_operator.credentials import sealed_for_stages
from boardhand_operator.errors import Misconfigured
from boardhand_operator.minted.minter import is_app
from boardhand_operator.names import sealed_secret_name
from boardhand_operator.sealed import secret

AGAIN = 60.0
"""Seconds after which the pool of a run at work is looked at again: its texts may be others."""
_log = logging.getLogger(__name__)


async def ensure(doing: Doing) -> None:
    """Make the run's Secret, or bring it up to date, where its pool has something sealed for a stage.

    Raises Misconfigured for what does not open, and where somebody else has a Secret of this name.
    """
    pool, services = doing.its_pool, doing.services
    if not sealed_for_stages(pool.spec):
        return
    values = [(source, services.unsealed(pool, source)) for source in sealed_for_stages(pool.spec)]
    # Of an App tokens are minted; its key is for no stage.
    seen = {source.place: found for source, found in values if not is_app(pool.spec, found, source.name)}
    if seen:
        await own_secret.place(doing, secret.build(dict(doing.run.body), seen))
    services.opener.placed[_key(doing)] = _digest(doing)


async def keep(doing: Doing) -> float | None:
    """Bring the Secret of a run at work up to date with its pool; in how many seconds to look again, None: never.

    What does not open any more leaves the run what it has.
    """
    if doing.pool is None or not sealed_for_stages(doing.pool.spec):
        return None
    if doing.run.status.job is None or doing.run.status.finished_at:
        return None
    if doing.services.opener.placed.get(_key(doing)) != _digest(doing):
        try:
            await ensure(doing)
        except Misconfigured as wrong:
            _log.warning("%s/%s: its credentials are not renewed: %s", *_key(doing), wrong)
    return AGAIN


async def remove(doing: Doing) -> None:
    """Delete the Secret of a run that has ended."""
    placed = doing.services.opener.placed.pop(_key(doing), None)
    if placed is not None or doing.pool is None or sealed_for_stages(doing.pool.spec):
        await own_secret.remove(doing, sealed_secret_name(doing.run.name))


def _digest(doing: Doing) -> str:
    texts = [(source.place, dict(source.sealed or {})) for source in sealed_for_stages(doing.its_pool.spec)]
    return hashlib.sha256(json.dumps(texts, sort_keys=True).encode()).hexdigest()


def _key(doing: Doing) -> tuple[str, str]:
    return doing.run.namespace, doing.run.name
