"""Trying the credentials that stages clone and push with, whatever they are: a token, a key for ssh, a GitHub App."""

from __future__ import annotations

from collections.abc import Mapping

from boardhand_api import pool
from boardhand_client.trials.apps import KEYS, try_app
from boardhand_client.trials.git import try_git
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.ssh import try_ssh
from boardhand_client.trials.trial import Trial
from boardhand_operator.credentials.pool_secrets import SSH_KEYS, git_keys


async def try_clone(
    repository: pool.Repository,
    forge: pool.Forge | None,
    credentials: Mapping[str, str],
    *,
    push: bool,
    reach: Reach | None = None,
) -> Trial:
    """See whether the repository can be cloned, or pushed to, with these. Nothing is written. Never raises.

    forge: the pool's, which says where the GitHub of an App is. credentials: nothing where the repository is public.
    Where there is no ssh on this machine to try a key with, the Trial says so (UNTRIED).
    """
    if any(credentials.get(key) for key in KEYS):
        return await try_app(repository, forge, credentials, push=push, reach=reach)
    tries = try_ssh if git_keys(repository.url) is SSH_KEYS else try_git
    return await tries(repository, credentials, push=push, reach=reach)
