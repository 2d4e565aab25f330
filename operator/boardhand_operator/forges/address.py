"""Pure: which repository of a forge a clone address means."""

from __future__ import annotations

import re
from urllib.parse import unquote, urlsplit

from boardhand_operator.errors import Misconfigured

PAGE_CHARACTERS = 2000
_PAGE = re.compile(r"https?://[A-Za-z0-9.\-\[\]:]+(/[A-Za-z0-9._~!$&'*+,;=:@%/\-]*)?(\?[A-Za-z0-9._~=&%/:,+\-]*)?")
_PORTS = {"http": 80, "https": 443}


def owner_and_name(forge_url: str, clone_url: str) -> tuple[str, str]:
    """Owner and name of the repository with this clone address, at a forge that may live below a path.

    An ssh address has a port and a path of its own: only its host must be the forge's, or that which the vendors have
    for ssh. Raises Misconfigured where the repository is not at this forge, or the address does not end in owner/name.
    """
    forge, clone = urlsplit(forge_url), urlsplit(clone_url)
    ssh = clone.scheme == "ssh"
    below = "/" if ssh else forge.path.rstrip("/") + "/"
    same = _host(clone_url)[0] in _ssh_hosts(forge.hostname) if ssh else _host(forge_url) == _host(clone_url)
    if not same or not clone.path.startswith(below):
        raise Misconfigured(
            "RepositoryElsewhere",
            f"spec.repository.url {clone_url} is not below spec.forge.url {forge_url}: "
            "the forge must be the one that holds the repository.",
        )
    parts = [unquote(part) for part in clone.path.removeprefix(below).strip("/").split("/")]
    if len(parts) != 2 or not all(parts):
        raise Misconfigured(
            "RepositoryAddress",
            f"spec.repository.url {clone_url} must be {forge_url.rstrip('/')}/<owner>/<name>.git.",
        )
    return parts[0], parts[1].removesuffix(".git")


def require_page(number: int, url: str) -> None:
    """A pull request's page as the forge calls it: people press it, and boards render it.

    Raises Misconfigured for what is no plain address of the web.
    """
    if len(url) > PAGE_CHARACTERS or not _PAGE.fullmatch(url):
        raise Misconfigured(
            "PageAddress",
            f"The forge calls {url[:200]!r} the page of pull request {number}, which is no plain http or https address:"
            " see that spec.forge.url is the forge that is meant, and how its own address is configured.",
        )


def _ssh_hosts(host: str | None) -> list[str]:
    """Where a forge answers by ssh: ssh.github.com, altssh.gitlab.com and altssh.bitbucket.org are for port 443."""
    name = (host or "").lower()
    return [name, f"ssh.{name}", f"altssh.{name}"]


def _host(url: str) -> tuple[str, int | None]:
    """Host and port; http and https of one host are the same forge where neither names a port."""
    parts = urlsplit(url)
    port = None if parts.port == _PORTS.get(parts.scheme) else parts.port
    return (parts.hostname or "").lower(), port
