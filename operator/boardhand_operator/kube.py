"""The Kubernetes API as plain dicts, over `kubernetes.aio`'s client."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from enum import Enum
from typing import Any

from kubernetes.aio import client, config
from kubernetes.aio.client.exceptions import ApiException as ApiException
from kubernetes.aio.config.config_exception import ConfigException

from boardhand_api import API_VERSION

Json = dict[str, Any]
Query = list[tuple[str, str]]

_JSON = "application/json"
_METADATA = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1"
_MERGE = "application/merge-patch+json"
_PAGE = 500
_SECONDS = 30


class Resource(Enum):
    """What the operator asks for: API path and plural name."""

    RUNS = (f"/apis/{API_VERSION}", "ticketruns")
    POOLS = (f"/apis/{API_VERSION}", "codingagents")
    JOBS = ("/apis/batch/v1", "jobs")
    PODS = ("/api/v1", "pods")
    NODES = ("/api/v1", "nodes")
    CLAIMS = ("/api/v1", "persistentvolumeclaims")
    SECRETS = ("/api/v1", "secrets")
    EVENTS = ("/api/v1", "events")
    REVISIONS = ("/apis/apps/v1", "controllerrevisions")
    POLICIES = ("/apis/networking.k8s.io/v1", "networkpolicies")
    LEASES = ("/apis/coordination.k8s.io/v1", "leases")
    TOKEN_REVIEWS = ("/apis/authentication.k8s.io/v1", "tokenreviews")
    ACCESS_REVIEWS = ("/apis/authorization.k8s.io/v1", "subjectaccessreviews")

    def path(self, namespace: str | None, name: str = "", sub: str = "") -> str:
        """Names come from specs and statuses that others write: a slash or dots in one lead to no other object."""
        base, plural = self.value
        parts = [base, f"namespaces/{_one(namespace)}" if namespace else "", plural, _one(name), sub]
        return "/".join(part for part in parts if part)


_NAME = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?")
"""What the API server lets an object be called."""


def _one(name: str) -> str:
    """A name as a segment of a path. Raises ApiException (404) where nothing can be called so, such as `../x`."""
    if name and not _NAME.fullmatch(name):
        raise ApiException(status=404, reason=f"no object is called {name[:80]!r}")
    return name


class Conflict(Exception):
    """409: an object of this name exists. The caller looks at what is there."""


def _of_a_quota(refused: ApiException) -> bool:
    """Whether nothing of the name is there, and only the namespace's ResourceQuota was written by others meanwhile."""
    with suppress(ValueError):
        said = json.loads(str(refused.body))
        return isinstance(said, dict) and said.get("reason") == "Conflict"
    return False


def _as_it_is(_: Resource, __: str, body: Json) -> Json:
    return body


Outgoing = Callable[[Resource, str, Json], Json]
"""From a resource, a namespace and what is to be written, to what is written."""


class Kube:
    """A session with the API server. Raises ApiException for what is neither found nor a conflict."""

    outgoing: Outgoing = staticmethod(_as_it_is)
    """What becomes of each object before it is written: `Redactor.outgoing`."""

    def __init__(self, api: client.ApiClient) -> None:
        self._api = api

    @classmethod
    async def connect(cls) -> Kube:
        """With the pod's service account, or from outside the cluster with the kubeconfig."""
        try:
            config.load_incluster_config()
        except ConfigException:
            await config.load_kube_config()
        return cls(client.ApiClient())

    async def close(self) -> None:
        await self._api.close()

    async def get(self, resource: Resource, namespace: str, name: str) -> Json | None:
        """The object, or None where there is none."""
        try:
            return await self._json("GET", resource.path(namespace, name))
        except ApiException as refused:
            if refused.status == 404:
                return None
            raise

    async def list(self, resource: Resource, namespace: str | None, selector: str) -> AsyncIterator[Json]:
        """All objects with these labels, page by page."""
        async for item in self._pages(resource, namespace, selector, _JSON):
            yield item

    async def _pages(
        self, resource: Resource, namespace: str | None, selector: str, accept: str
    ) -> AsyncIterator[Json]:
        token = ""
        while True:
            query = [("labelSelector", selector), ("limit", str(_PAGE)), ("continue", token)]
            answer: Json = json.loads(await self._raw("GET", resource.path(namespace), query, accept=accept))
            # Of metadata alone, an empty list is told as null.
            for item in answer["items"] or ():
                yield item
            token = answer["metadata"].get("continue") or ""
            if not token:
                return

    async def metadata(self, resource: Resource, namespace: str | None, selector: str) -> AsyncIterator[Json]:
        """As `list`, without specs and statuses: what is retained may be much."""
        async for item in self._pages(resource, namespace, selector, _METADATA):
            yield item

    async def create(self, resource: Resource, namespace: str, body: Json) -> Json:
        """The object as created. Raises Conflict where the name is taken."""
        return await self._create(resource, namespace, self.outgoing(resource, namespace, body))

    async def _create(self, resource: Resource, namespace: str, body: Json) -> Json:
        try:
            return await self._json("POST", resource.path(namespace), body=body)
        except ApiException as refused:
            if refused.status == 409 and not _of_a_quota(refused):
                raise Conflict(body["metadata"].get("name", "")) from refused
            raise

    async def patch(self, resource: Resource, namespace: str, name: str, body: Json, sub: str = "") -> Json | None:
        """Merge these fields in; the object as it is then, or None where it is gone."""
        return await self._patch(resource, namespace, name, self.outgoing(resource, namespace, body), sub)

    async def _patch(self, resource: Resource, namespace: str, name: str, body: Json, sub: str) -> Json | None:
        try:
            return await self._json("PATCH", resource.path(namespace, name, sub), body=body, content=_MERGE)
        except ApiException as refused:
            if refused.status == 404:
                return None
            raise

    async def delete(self, resource: Resource, namespace: str, name: str) -> None:
        """Delete it and what it owns, in the background; nothing happens where there is none."""
        body = {"propagationPolicy": "Background"}
        try:
            await self._json("DELETE", resource.path(namespace, name), body=body)
        except ApiException as refused:
            if refused.status != 404:
                raise

    async def review(self, resource: Resource, spec: Json) -> Json:
        """What the API server answers to a TokenReview or a SubjectAccessReview, which it keeps nowhere."""
        kind = {Resource.TOKEN_REVIEWS: "TokenReview", Resource.ACCESS_REVIEWS: "SubjectAccessReview"}[resource]
        body = {"apiVersion": resource.value[0].removeprefix("/apis/"), "kind": kind, "spec": spec}
        return await self._json("POST", resource.path(None), body=body)

    async def described(self) -> Json:
        """The schemas of our kinds as the API server serves them (OpenAPI 3); everybody it knows may ask."""
        answer = await self._json("GET", f"/openapi/v3/apis/{API_VERSION}")
        schemas: Json = answer.get("components", {}).get("schemas", {})
        return schemas

    async def last_line(self, namespace: str, pod: str, container: str, limit: int) -> str:
        """The last line of a container's log, at most `limit` bytes; empty where there is no log any more."""
        query = [("container", container), ("tailLines", "1"), ("limitBytes", str(limit))]
        return await self._log(namespace, pod, query)

    async def whole_log(self, namespace: str, pod: str, container: str, limit: int) -> str:
        """A container's log from its beginning, at most `limit` bytes; empty where there is no log any more."""
        query = [("container", container), ("limitBytes", str(limit))]
        return await self._log(namespace, pod, query)

    async def log_since(self, namespace: str, pod: str, since: str, lines: int, limit: int) -> str:
        """The last lines of a pod's only log from that time on, at most `limit` bytes; empty where there is none."""
        query = [("sinceTime", since), ("tailLines", str(lines)), ("limitBytes", str(limit))]
        return await self._log(namespace, pod, query)

    async def _log(self, namespace: str, pod: str, query: Query) -> str:
        try:
            return (await self._raw("GET", Resource.PODS.path(namespace, pod, "log"), query)).decode(errors="replace")
        except ApiException as refused:
            if refused.status in (400, 404):
                return ""
            raise

    async def _json(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Json | None = None,
        content: str = "application/json",
    ) -> Json:
        answer: Json = json.loads(await self._raw(method, path, query, body, content))
        return answer

    async def _raw(
        self,
        method: str,
        path: str,
        query: Query | None = None,
        body: Json | None = None,
        content: str = _JSON,
        accept: str = _JSON,
    ) -> bytes:
        headers = {"Accept": accept, "Content-Type": content}
        # The body is plain JSON, which the client would walk through to make it so: a millisecond a Job.
        _, url, headers, *_ = await self._api.param_serialize(
            method, path, query_params=query, header_params=headers, auth_settings=["BearerToken"]
        )
        response = await self._api.call_api(method, url, headers, body, _request_timeout=_SECONDS)
        data: bytes = await response.read()
        if not 200 <= response.status <= 299:
            raise ApiException(
                status=response.status, reason=response.reason, body=data.decode(errors="replace")[:2000]
            )
        return data
