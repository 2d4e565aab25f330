"""Trying whether an image can be pulled: its registry is asked for the head of its manifest, as container runtimes do.

https://github.com/opencontainers/distribution-spec/blob/main/spec.md, and for tokens
https://distribution.github.io/distribution/spec/auth/token/. A registry may be anybody's: its answers are bounded, and
what is secret goes to it and to its own place for tokens alone, over https.
"""

from __future__ import annotations

import ipaddress
import json
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urljoin, urlsplit

import aiohttp
import httpx

from boardhand_client.trials.checks.images import HUB, Reference
from boardhand_client.trials.git import UNTRIED
from boardhand_client.trials.pull_secrets import Credential
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.trial import Trial, told, wrong_of
from boardhand_operator.errors import RemoteUnavailable

MISSING, REFUSED, NO_REGISTRY = "ImageMissing", "PullRefused", "NotARegistry"
"""Why an image cannot be pulled; of all other reasons nothing follows for the nodes."""
_SERVED_AT = {HUB: f"registry-1.{HUB}"}
_ACCEPTED = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
_ANSWER_BYTES = 64 * 1024
_TRIED = 3
"""So many credentials of one image are tried."""
_STEPS = 8
"""Requests for one manifest, with redirects and refusals."""
_MOVED = (301, 302, 303, 307, 308)
_NODES_OWN = re.compile(r"\.dkr\.ecr\..+\.amazonaws\.com|\.azurecr\.io$|(^|\.)gcr\.io$|\.pkg\.dev$")
"""Registries of clouds whose kubelets bring credentials of their own."""
_BEARER = re.compile(r"\bbearer (.*)", re.IGNORECASE)
_PARAMETER = re.compile(r'(\w{1,40})="([^"]{0,2000})"')


@dataclass(frozen=True)
class _Answer:
    status: int
    headers: httpx.Headers
    body: bytes


async def try_image(image: Reference, credentials: Sequence[Credential] = (), reach: Reach | None = None) -> Trial:
    """See whether the image can be pulled with one of these, or without any where there are none. Never raises.

    Only MISSING, REFUSED and NO_REGISTRY say that it cannot.
    """
    reach = reach or Reach()
    return await told(f"The registry {image.host}", reach.seconds, lambda: _tried(image, credentials, reach))


async def _tried(image: Reference, credentials: Sequence[Credential], reach: Reach) -> Trial:
    usable = [one for one in credentials if one.password][:_TRIED]
    transport = reach.connection().transport
    async with httpx.AsyncClient(transport=transport, trust_env=False, timeout=reach.seconds) as http:
        registry = _Registry(http, image)
        for credential in usable or (None,):
            status = await registry.status(credential)
            if 200 <= status < 300:
                return Trial(True, f"{image} can be pulled")
        if status == 404 and not await registry.is_one():
            return wrong_of(NO_REGISTRY, f"{image.host} answers, and not as a registry of images")
    if status == 404:
        return wrong_of(MISSING, f"the registry has no {image}")
    if status not in (401, 403):
        raise RemoteUnavailable(f"The registry {image.host}", f"show {image}", f"answered {status}")
    return _refused(image, status, credentials, usable)


def _refused(image: Reference, status: int, credentials: Sequence[Credential], usable: Sequence[Credential]) -> Trial:
    if len(usable) < len(credentials):
        said = f"{image} is refused to those of its credentials that are tried: {_TRIED} at most, no identity token"
        return wrong_of(UNTRIED, said)
    if not credentials and _NODES_OWN.search(image.host):
        return wrong_of(UNTRIED, f"{image} is not for everybody, and nodes of that cloud have credentials of their own")
    whom = "the credentials of its pull secrets" if credentials else "who gives no credentials"
    return wrong_of(REFUSED, f"the registry refuses {image} to {whom} ({status}), or there is no such image")


class _Registry:
    """Asked for one image."""

    def __init__(self, http: httpx.AsyncClient, image: Reference) -> None:
        self._http, self._image = http, image
        host = _SERVED_AT.get(image.host, image.host)
        self._base = f"{'http' if _is_here(host) else 'https'}://{host}/v2/"

    async def status(self, credential: Credential | None) -> int:
        """What comes of asking for the manifest; 401 where the credential is refused a token. Raises
        RemoteUnavailable."""
        url, headers = f"{self._base}{self._image.path}/manifests/{self._image.version}", dict[str, str]()
        for _ in range(_STEPS):
            answer = await self._ask("HEAD", url, {"accept": _ACCEPTED, **headers})
            if answer.status in _MOVED:
                there = urljoin(url, answer.headers.get("location", ""))
                headers = headers if _origin(there) == _origin(url) else {}
                url = there
            elif answer.status == 401 and not headers:
                its = credential if _origin(url) == _origin(self._base) else None
                headers = await self._authorization(url, answer, its)
                if not headers:
                    return 401
            else:
                return answer.status
        raise self._amiss("leads from address to address without an end")

    async def is_one(self) -> bool:
        """Whether it is a registry at all."""
        return (await self._ask("GET", self._base, {})).status in (200, 401, 403)

    async def _authorization(self, url: str, answer: _Answer, credential: Credential | None) -> dict[str, str]:
        """What it asks for, as a header; nothing where it is refused. Raises RemoteUnavailable."""
        challenge = answer.headers.get("www-authenticate", "")
        own = {"authorization": credential.basic} if credential else {}
        bearer = _BEARER.search(challenge)
        if bearer is None:
            return own
        # The first of a name: what follows may be of another challenge.
        asked = dict(reversed(_PARAMETER.findall(bearer[1])))
        realm = asked.get("realm", "")
        if urlsplit(realm).scheme != "https" and _origin(realm) != _origin(url):
            raise self._amiss("has its tokens fetched from elsewhere without https, so nothing was sent there")
        token = await self._token(realm, asked, own)
        return {"authorization": f"Bearer {token}"} if token else {}

    async def _token(self, realm: str, asked: Mapping[str, str], own: Mapping[str, str]) -> str:
        """A token for reading the image; empty where it is refused."""
        query = {"scope": asked.get("scope") or f"repository:{self._image.path}:pull"}
        query |= {"service": asked["service"]} if "service" in asked else {}
        answer = await self._ask("GET", realm, own, query)
        if answer.status in (401, 403):
            return ""
        if answer.status != 200:
            raise self._amiss(f"gives no token ({answer.status})")
        body = json.loads(answer.body)
        token = body.get("token") or body.get("access_token")
        if not isinstance(token, str) or not (token.isascii() and token.isprintable()):
            raise self._amiss("gives no token that could be one")
        return token

    async def _ask(
        self, method: str, url: str, headers: Mapping[str, str], query: Mapping[str, str] | None = None
    ) -> _Answer:
        """One answer, as it comes: a redirect is one, too. Raises RemoteUnavailable."""
        try:
            there = httpx.URL(url).copy_merge_params(query) if query else httpx.URL(url)
            request = self._http.build_request(method, there, headers={"accept-encoding": "identity", **headers})
            answer = await self._http.send(request, stream=True, follow_redirects=False)
            try:
                body = bytearray()
                assert isinstance(answer.stream, httpx.AsyncByteStream)
                async for chunk in answer.stream:
                    body += chunk
                    if len(body) > _ANSWER_BYTES:
                        raise self._amiss(f"answers more than {_ANSWER_BYTES} bytes")
                return _Answer(answer.status_code, answer.headers, bytes(body))
            finally:
                await answer.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, aiohttp.ClientError) as failed:
            # Without its text, which may hold what was sent.
            raise self._amiss(f"is not reached ({type(failed).__name__})") from failed

    def _amiss(self, said: str) -> RemoteUnavailable:
        return RemoteUnavailable(f"The registry {self._image.host}", f"show {self._image}", said)


def _origin(url: str) -> tuple[str, str]:
    parts = urlsplit(url)
    return parts.scheme.lower(), parts.netloc.lower()


def _is_here(host: str) -> bool:
    """Whether it is this machine, with which container runtimes speak plain http."""
    name = urlsplit(f"//{host}").hostname or ""
    with suppress(ValueError):
        return ipaddress.ip_address(name).is_loopback
    return name == "localhost"
