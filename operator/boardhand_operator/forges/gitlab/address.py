"""Pure: which project of a GitLab a clone address means."""

from __future__ import annotations

from urllib.parse import unquote, urlsplit

from boardhand_operator.errors import Misconfigured
from boardhand_operator.vendors.gitlab.client import project_path, server

_PORTS = {"http": 80, "https": 443}


def path_of(forge_url: str | None, clone_url: str) -> str:
    """The path of the project with this clone address, at a GitLab that may live below a path itself.

    Raises Misconfigured where the project is not at this GitLab, or the address does not end in group/project.
    """
    site = server(forge_url)
    forge, clone = urlsplit(site), urlsplit(clone_url)
    # By ssh neither the port nor a path below which the web pages live is told.
    by_ssh = clone.scheme == "ssh"
    below = "/" if by_ssh else forge.path.rstrip("/") + "/"
    same = forge.hostname == clone.hostname if by_ssh else _host(site) == _host(clone_url)
    if not same or not clone.path.startswith(below):
        raise Misconfigured(
            "RepositoryElsewhere",
            f"spec.repository.url {clone_url} is not below spec.forge.url {site}: the forge must be the one that holds "
            "the repository.",
        )
    path = project_path(unquote(clone.path.removeprefix(below)).rstrip("/").removesuffix(".git"))
    if path is None:
        raise Misconfigured(
            "RepositoryAddress",
            f"spec.repository.url {clone_url} must be {site}/<group>/<project>.git, with groups of any depth.",
        )
    return path


def _host(url: str) -> tuple[str, int | None]:
    """Host and port; http and https of one host are the same GitLab where neither names a port."""
    parts = urlsplit(url)
    port = None if parts.port == _PORTS.get(parts.scheme) else parts.port
    return parts.hostname or "", port
