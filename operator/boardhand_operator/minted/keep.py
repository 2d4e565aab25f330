"""The Secret of a run with its stages' tokens: made with the Job, kept fresh while it is at work, gone with the end."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, timedelta

from boardhand_api.pod import Stage
from boardhand_operator.act import own_secret
from boardhand_operator.act.doing import Doing
from boardhand_operator.errors import Misconfigured, Remote
from boardhand_operator.kube import Resource
from boardhand_operator.minted import secret
from boardhand_operator.minted.minter import serves
from boardhand_operator.names import git_secret_name

FRESH = timedelta(minutes=40)
"""A token that a run is given lives longer."""
RENEWED = timedelta(minutes=20)
"""With no more of its life left it is replaced: the kubelet may take two minutes to bring the new one."""
AGAIN = 30.0
"""Seconds until a renewal that failed is tried again."""
_NEVER = datetime.max.replace(tzinfo=UTC)
_log = logging.getLogger(__name__)


async def ensure(doing: Doing) -> frozenset[Stage]:
    """Make the run's Secret, or bring it up to date; the stages that it is for, perhaps none.

    Raises what `AppTokens.token` raises, and Misconfigured (ForeignSecret) where somebody else has one of this name.
    """
    minter, run = doing.services.minter, doing.run
    stages = await minter.stages(doing.its_pool)
    if not stages:
        minter.due.setdefault(_key(doing), _NEVER)
        return frozenset()
    tokens = {stage: await source.token(FRESH) for stage, source in stages.items()}
    doing.services.redactor.know(run.namespace, {stage.value: token.text for stage, token in tokens.items()})
    await own_secret.place(doing, secret.build(dict(run.body), tokens))
    minter.due[_key(doing)] = min(token.ends for token in tokens.values()) - RENEWED
    return frozenset(stages)


async def keep(doing: Doing) -> float | None:
    """See that the tokens of a run at work are fresh; in how many seconds to look again, None for a run without.

    What GitHub refuses now is tried again: the token that is there lives on for a while.
    """
    minter, run = doing.services.minter, doing.run
    if doing.pool is None or not serves(doing.pool.spec):
        return None
    if run.status.job is None or run.status.finished_at:
        return None
    try:
        due = minter.due.setdefault(_key(doing), await _due(doing))
        if due <= minter.now():
            await ensure(doing)
            due = minter.due[_key(doing)]
    except (Remote, Misconfigured) as refused:
        _log.warning("%s/%s: its tokens are not renewed: %s", run.namespace, run.name, refused)
        return AGAIN
    return None if due == _NEVER else max(AGAIN, (due - minter.now()).total_seconds())


async def remove(doing: Doing) -> None:
    """Delete the Secret of a run that has ended."""
    none = doing.services.minter.due.pop(_key(doing), None) == _NEVER
    if none or (doing.pool is not None and not serves(doing.pool.spec)):
        return
    await own_secret.remove(doing, git_secret_name(doing.run.name))


async def _due(doing: Doing) -> datetime:
    """When the run's tokens are to be renewed, as an operator that has just begun finds it."""
    minter, run = doing.services.minter, doing.run
    if known := minter.due.get(_key(doing)):
        return known
    found = await doing.kube.get(Resource.SECRETS, run.namespace, git_secret_name(run.name))
    if not found and not await minter.stages(doing.its_pool):
        return _NEVER
    end = secret.ends(found) if found else None
    return end - RENEWED if end else minter.now()


def _key(doing: Doing) -> tuple[str, str]:
    return doing.run.namespace, doing.run.name
