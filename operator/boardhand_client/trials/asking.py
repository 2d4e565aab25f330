"""The API server asked with the visitor's rights: what they do not cover is a fact too."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import aiohttp

from boardhand_client.errors import NotThere, Refused, Rejected, SessionError
from boardhand_client.line import JSON
from boardhand_client.refusals import told
from boardhand_client.session import Session
from boardhand_client.trials.facts import Found, Hidden, Json, Right
from boardhand_operator.kube import ApiException

_AT_ONCE = 8
_LISTED = "500"
_REVIEWS = "/apis/authorization.k8s.io/v1/{kind}accessreviews"


class Asking(Session):
    """A session that also reads what the operator has no name for. Raises SessionError where nothing can be asked."""

    async def found(self, path: str) -> Found:
        """The object at this path."""
        try:
            return await self._json("GET", path)
        except (ApiException, NotThere):
            return None
        except Refused as refused:
            return Hidden(str(refused))

    async def listed(self, path: str, selector: str = "") -> list[Json] | Hidden:
        """The first objects of a collection; none where there is no such kind."""
        try:
            answer = await self._json("GET", path, [("labelSelector", selector), ("limit", _LISTED)])
        except (ApiException, NotThere):
            return []
        except Refused as refused:
            return Hidden(str(refused))
        return list(answer.get("items") or ())

    async def clock(self) -> tuple[Json, datetime, datetime | None]:
        """The API server's version, this machine's time, and the server's as it answered."""
        patience = aiohttp.ClientTimeout(total=10)
        with told():
            async with self._line.open("GET", "/version", [], None, JSON, JSON, patience) as response:
                at, said = datetime.now(UTC), response.headers.get("Date")
                body: Json = json.loads(await response.read())
        return body, at, parsedate_to_datetime(said) if said else None

    async def refusal(self, namespace: str, pod: Mapping[str, Any]) -> str | Hidden | None:
        """Why the API server would not take this pod, admission and all; None: it would. Nothing is made."""
        try:
            await self._json("POST", f"/api/v1/namespaces/{namespace}/pods", [("dryRun", "All")], dict(pod))
        except Refused as refused:
            # Admission refuses with the same code as missing rights.
            mine = await self.mine(namespace, [Right("", "pods", "create")])
            return str(refused) if all(mine.values()) else Hidden(str(refused))
        except (Rejected, ApiException) as refused:
            return str(refused.reason) if isinstance(refused, ApiException) else str(refused)
        return None

    async def mine(self, namespace: str, rights: Iterable[Right]) -> dict[Right, bool]:
        """What this visitor may do there."""
        return await self._reviewed("selfsubject", namespace, rights, {})

    async def theirs(self, namespace: str, rights: Iterable[Right], account: str) -> dict[Right, bool] | Hidden:
        """What a service account may do there, as NAMESPACE:NAME. namespace: empty for what is in none."""
        groups = [
            "system:serviceaccounts",
            f"system:serviceaccounts:{account.partition(':')[0]}",
            "system:authenticated",
        ]
        who = {"user": f"system:serviceaccount:{account}", "groups": groups}
        try:
            return await self._reviewed("subject", namespace, rights, who)
        except Refused as refused:
            return Hidden(str(refused))

    async def _reviewed(
        self, kind: str, namespace: str, rights: Iterable[Right], who: Mapping[str, Any]
    ) -> dict[Right, bool]:
        turn, wanted = asyncio.Semaphore(_AT_ONCE), list(rights)

        async def one(right: Right) -> bool:
            resource, _, sub = right.resource.partition("/")
            about = {"namespace": namespace, "group": right.group, "resource": resource, "verb": right.verb}
            about |= {"subresource": sub} if sub else {}
            body = {
                "apiVersion": "authorization.k8s.io/v1",
                "kind": "SelfSubjectAccessReview" if kind == "selfsubject" else "SubjectAccessReview",
                "spec": {"resourceAttributes": about, **who},
            }
            async with turn:
                answer = await self._asked(_REVIEWS.format(kind=kind), body)
            return (answer.get("status") or {}).get("allowed") is True

        answers = await asyncio.gather(*(one(right) for right in wanted))
        return dict(zip(wanted, answers, strict=True))


__all__ = ["Asking", "SessionError"]
