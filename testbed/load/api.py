"""The API server of a load cluster, asked as its administrator."""

from __future__ import annotations

import ssl
from collections.abc import Iterator, Mapping
from typing import Any

import httpx

from testbed.load.programs import Layout
from testbed.shell import TestbedError

Json = dict[str, Any]
APPLY = "application/apply-patch+yaml"
MERGE = "application/merge-patch+json"
GROUP = "/apis/boardhand.dev/v1alpha1"
_PAGE = 500


def context(at: Layout, user: str = "admin") -> ssl.SSLContext:
    """TLS with the cluster's authority and the certificate of a user."""
    made = ssl.create_default_context(cafile=str(at.pki / "ca.crt"))
    made.load_cert_chain(at.pki / f"{user}.crt", at.pki / f"{user}.key")
    return made


class Api:
    """One connection pool to the API server; methods raise TestbedError naming the call and the answer."""

    def __init__(self, at: Layout) -> None:
        self._http = httpx.Client(base_url=at.server, verify=context(at), timeout=30, trust_env=False)

    def close(self) -> None:
        self._http.close()

    def ready(self) -> bool:
        """Whether the server answers and says that it is ready."""
        try:
            return self._http.get("/readyz", timeout=2).status_code == httpx.codes.OK
        except httpx.HTTPError:
            return False

    def text(self, path: str) -> str:
        """What a GET answers, as it stands."""
        return self._call("GET", path).text

    def get(self, path: str) -> Json:
        """One object."""
        found: Json = self._call("GET", path).json()
        return found

    def list(self, path: str, selector: str = "") -> Iterator[Json]:
        """All objects of a collection with these labels, page by page."""
        token = ""
        while True:
            query = {"labelSelector": selector, "limit": str(_PAGE), "continue": token}
            page: Json = self._call("GET", path, params=query).json()
            yield from page["items"]
            token = page["metadata"].get("continue") or ""
            if not token:
                return

    def create(self, path: str, body: Mapping[str, Any]) -> Json:
        """The object as made."""
        made: Json = self._call("POST", path, json=body).json()
        return made

    def apply(self, path: str, body: Mapping[str, Any]) -> None:
        """Make the object, or make it as said; `path` names the object."""
        query = {"fieldManager": "testbed", "force": "true"}
        self._call("PATCH", path, params=query, json=body, headers={"Content-Type": APPLY})

    def patch(self, path: str, body: Mapping[str, Any]) -> None:
        """Merge these fields in."""
        self._call("PATCH", path, json=body, headers={"Content-Type": MERGE})

    def delete(self, path: str) -> None:
        """Delete an object, or all of a collection; nothing happens where there is none."""
        answer = self._http.request("DELETE", path, json={"propagationPolicy": "Background"})
        if answer.is_error and answer.status_code != httpx.codes.NOT_FOUND:
            raise TestbedError(f"DELETE {path}: {answer.status_code} {answer.text[:300]}")

    def _call(self, method: str, path: str, **rest: Any) -> httpx.Response:
        answer = self._http.request(method, path, **rest)
        if answer.is_error:
            raise TestbedError(f"{method} {path}: {answer.status_code} {answer.text[:300]}")
        return answer
