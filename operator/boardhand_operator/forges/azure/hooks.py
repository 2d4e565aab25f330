"""The webhooks of a repository's pull requests at Azure DevOps."""

from __future__ import annotations

from boardhand_operator.forges.azure.at import At
from boardhand_operator.forges.azure.check import data
from boardhand_operator.vendors.azure import hooks as azure_hooks

EVENTS = ("git.pullrequest.updated", "ms.vss-code.git-pullrequest-comment-event")
"""Each has a subscription of its own."""


async def subscribe(at: At, callback: str, secret: str, before: str = "") -> None:
    """See that each of our events of this repository calls this address. Raises as `azure_hooks.subscribe`."""
    repository = await data(at)
    about = {"projectId": repository["project"]["id"], "repository": repository["id"]}
    for event in EVENTS:
        await azure_hooks.subscribe(at.http, event, about, callback, secret, "spec.forge.webhook", before)
