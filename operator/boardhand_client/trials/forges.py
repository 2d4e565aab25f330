"""Trying a forge: credentials, the repository, its base branch, what the account may do, labels and reviewers."""

from __future__ import annotations

from collections.abc import Mapping

from boardhand_api import pool
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.trial import Trial, told
from boardhand_operator.forges import open_forge

_FIELDS = {
    "BranchMissing": "spec.repository.branch",
    "LabelMissing": "spec.forge.labels",
    "ReviewerMissing": "spec.forge.reviewers",
}


async def try_forge(
    spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], reach: Reach | None = None
) -> Trial:
    """Check the forge as the operator would; nothing is written. offers: where a branch, label or reviewer is not
    there, those that are.

    credentials: the Secret's data, decoded; nothing where there is none. Never raises.
    """
    reach = reach or Reach()
    found = await told(
        f"The forge at {spec.url or spec.type}", reach.seconds, lambda: _tried(spec, repository, credentials, reach)
    )
    field = _FIELDS.get(found.reason)
    if field:
        choice = " | ".join(found.offers[:10])
        return found.fixed_by(f"{field}: {choice if field.endswith('branch') else f'[{choice}]'}")
    return found


async def _tried(spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], reach: Reach) -> Trial:
    forge = open_forge(spec, repository, credentials, reach.connection())
    try:
        await forge.check()
    finally:
        await forge.aclose()
    return Trial(True, f"{spec.type}: {repository.url} is there, with branch {repository.branch}")
