"""The webhook of a project's work items at Azure DevOps."""

from __future__ import annotations

from boardhand_operator.http.signing import SECRET as SECRET
from boardhand_operator.vendors.azure import hooks as azure_hooks
from boardhand_operator.vendors.azure.client import AzureClient
from boardhand_operator.vendors.azure.hooks import HEADER as HEADER
from boardhand_operator.vendors.azure.hooks import proof as proof
from boardhand_operator.vendors.azure.hooks import signed as signed

EVENT = "workitem.updated"
"""One is enough: whatever changes a work item, a comment too, updates it; what is made anew the next poll sees."""


async def subscribe(http: AzureClient, project_id: str, callback: str, secret: str, before: str = "") -> None:
    """See that the project calls this address: one request where it does. Raises as `azure_hooks.subscribe`."""
    await azure_hooks.subscribe(http, EVENT, {"projectId": project_id}, callback, secret, "spec.board.webhook", before)
