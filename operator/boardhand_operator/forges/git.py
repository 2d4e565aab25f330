"""A plain git remote as the forge: the branch is all there is.

Over https the operator reads the remote's branches as git itself does, by the smart protocol's list of refs
(https://git-scm.com/docs/http-protocol , "Smart Clients"). Over ssh it asks nothing, since only the stages have the
key: what is wrong there is found by checkout.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Mapping
from typing import ClassVar, NoReturn
from urllib.parse import urlsplit

from boardhand_api import pool
from boardhand_operator.decide.lost_pod import Head
from boardhand_operator.errors import Misconfigured, NotFound
from boardhand_operator.forges import amiss
from boardhand_operator.http.answers import Vendor
from boardhand_operator.http.transport import Client, Connection
from boardhand_operator.plugins import require_keys

NAMED = 10
"""So many of the remote's branches are named where the pool's is none of them."""
_SERVICE = "# service=git-upload-pack"
_REF = re.compile(r"^(?:0000)?[0-9a-f]{4}([0-9a-f]{40}|[0-9a-f]{64}) refs/heads/([^\0\n]+)", re.MULTILINE)
_DEFAULT = re.compile(r"symref=HEAD:refs/heads/(\S+)")
_KEYS = ("username", "token")


class PlainGit:
    """One repository at a git server that has no pull requests, or none that are wanted."""

    credential_keys: ClassVar[tuple[str, ...]] = ()
    pull_requests: ClassVar[bool] = False

    def __init__(
        self, spec: pool.Forge, repository: pool.Repository, credentials: Mapping[str, str], connection: Connection
    ) -> None:
        """credentials: `username` and `token`, or nothing where the repository is public or reached by ssh.

        Raises Misconfigured for half of them, and where they cannot be sent.
        """
        self._spec = spec
        self._address = repository.url.rstrip("/")
        self._branch = repository.branch
        self._http = None if urlsplit(repository.url).scheme == "ssh" else self._client(credentials, connection)

    def _client(self, credentials: Mapping[str, str], connection: Connection) -> Client:
        headers, secrets, secret = dict[str, str](), list[str](), self._spec.secret_name
        if secret:
            require_keys(credentials, _KEYS, secret, "spec.forge.secretRef")
            username, token = (credentials[key].strip() for key in _KEYS)
            pair = base64.b64encode(f"{username}:{token}".encode()).decode()
            headers, secrets = {"authorization": f"Basic {pair}"}, [token, pair]
        refused = (
            f"It refused `username` and `token` in Secret {secret}: put valid ones there."
            if secret
            else "It wants credentials: put `username` and `token` into a Secret, and name it in spec.forge.secretRef."
        )
        wanted = f"The account of `username` in Secret {secret} must be let read {self._address}."
        vendor = Vendor("The git server", refused, wanted)
        return Client(vendor, self._address, headers, secrets, connection)

    async def check(self) -> None:
        """See `Forge.check`: one request over https, none over ssh."""
        for field in ("url", "labels", "reviewers", "webhook"):
            if getattr(self._spec, field):
                raise Misconfigured(
                    "NotForPlainGit",
                    f"spec.forge.{field} has no meaning with spec.forge.type git, which knows only "
                    "spec.repository.url and pushes a branch: take it out, or name another type.",
                )
        if self._http is None:
            return
        said = await self._refs(self._http)
        branches = _branches(said)
        if not branches:
            raise amiss.empty(f"Repository {self._address}", self._branch)
        if self._branch not in branches:
            default = _DEFAULT.search(said)
            hint = f"its default branch is {default[1]!r}" if default else f"it has {_some(branches)}"
            raise Misconfigured(
                "BranchMissing",
                f"Repository {self._address} has no branch {self._branch!r} (spec.repository.branch); {hint}.",
            )

    async def head(self, branch: str) -> Head | None:
        """See `Forge.head`; without a time, which the list of refs does not have. Over ssh always None."""
        if self._http is None:
            return None
        commit = _branches(await self._refs(self._http)).get(branch)
        return None if commit is None else Head(commit, None)

    async def _never(self, *_: object, **__: object) -> NoReturn:
        """Raises Misconfigured: nobody asks, who heeds `pull_requests`."""
        raise Misconfigured(
            "NoPullRequests",
            f"{self._address} is a plain git remote (spec.forge.type git), which has no pull requests: name the type "
            "of its forge to have them.",
        )

    pull_request = open_pull_request = followed = template = comment = comments = review = reviews = checks = (
        subscribe
    ) = _never

    def signed(self, *_: object) -> bool:
        """Nothing is: a plain remote calls nobody."""
        return False

    async def aclose(self) -> None:
        """Close the connections."""
        if self._http:
            await self._http.aclose()

    async def _refs(self, http: Client) -> str:
        """The remote's list of refs, whose lines keep their form whatever bytes the names have."""
        try:
            said = await http.text("read the branches", "/info/refs", {"service": "git-upload-pack"})
        except NotFound as failed:
            raise Misconfigured(
                "RepositoryMissing",
                f"There is no repository {self._address}, or the account may not see it: correct spec.repository.url.",
            ) from failed
        if _SERVICE not in said[:40]:
            raise Misconfigured(
                "NotAGitRepository",
                f"{self._address} does not answer as a git repository over http: correct spec.repository.url.",
            )
        return said


def _branches(said: str) -> dict[str, str]:
    """Branch to commit."""
    return {found[2]: found[1] for found in _REF.finditer(said)}


def _some(branches: Mapping[str, str]) -> str:
    more = " and others" if len(branches) > NAMED else ""
    return ", ".join(sorted(branches)[:NAMED]) + more
