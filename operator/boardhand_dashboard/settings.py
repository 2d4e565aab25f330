"""The dashboard's own settings: read once from the environment that the chart writes."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from pathlib import Path

from boardhand_history.settings import url_of
from boardhand_operator import environment as read

SERVICE_ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")
"""Where the kubelet puts a pod's own token and the API server's CA."""
_HEADER = re.compile(r"[A-Za-z0-9-]+")


class Auth(Enum):
    """How visitors say who they are."""

    TOKEN = "token"  # noqa: S105 (a word, no secret)
    """Each signs in with a bearer token."""
    PROXY = "proxy"
    """A proxy before the dashboard has signed them in, and names them in headers."""
    LAPTOP = "laptop"
    """One visitor, by a kubeconfig, on the machine it lies on."""


@dataclass(frozen=True)
class Proxy:
    """What is agreed with the authenticating proxy."""

    secret_file: Path
    """File with the secret that the proxy sends in `secret_header`: who has it is the proxy."""
    token_file: Path = SERVICE_ACCOUNT / "token"
    """Token of the account that impersonates visitors."""
    secret_header: str = "X-Boardhand-Proxy"  # noqa: S105 (a name)
    user_header: str = "X-Forwarded-User"
    groups_header: str = "X-Forwarded-Groups"
    """Groups, separated by commas."""
    groups: frozenset[str] = frozenset()
    """Groups that are passed on, as the account may impersonate no others; all others are left out."""
    sign_out: str = ""
    """Where the proxy signs people out, such as /oauth2/sign_out; empty: nowhere."""


@dataclass(frozen=True)
class Settings:
    """What the dashboard was started with."""

    server: str = ""
    """Address of the API server, such as https://10.96.0.1:443; not used in laptop mode."""
    ca: Path | None = None
    """PEM bundle that the API server is checked with; absent: the system's authorities."""
    auth: Auth = Auth.TOKEN
    proxy: Proxy | None = None
    namespaces: tuple[str, ...] = ()
    """Namespaces that are offered to visitors who may not list pools of the whole cluster."""
    listen: tuple[str, int] = ("", 8443)
    """Host and port; without a host every address, since the Service asks the pod's own."""
    tls: Path | None = None
    """Folder of the certificate it is served with (`tls.crt`, `tls.key`); absent: plain HTTP."""
    hosts: frozenset[str] = frozenset()
    """Names (with the port, where it is not the usual one) under which it answers; empty: any."""
    forwarded: int = 0
    """How many proxies stand before it, each of which adds an address to X-Forwarded-For."""
    sealing: tuple[str, str] = ("boardhand", "boardhand-sealing")
    """Namespace and name of the Secret with the keys: the form of a pool seals with it, for who may read it."""
    certificates: Path | None = None
    """PEM bundle of the authorities that boards, forges and models are tried with; absent: certifi's."""
    database: str = field(default="", repr=False)
    """Address of the history's database, which may hold a password; empty: there is no history."""
    idle_seconds: float = 2 * 3600
    """A visitor who asks for nothing that long is signed out."""
    absolute_seconds: float = 12 * 3600
    """Everybody is signed out after so long."""

    @property
    def secure(self) -> bool:
        """Whether the cookie is only for HTTPS. On a laptop it is plain HTTP, which does not leave the machine."""
        return self.auth is not Auth.LAPTOP

    @classmethod
    def from_environment(cls, environment: Mapping[str, str] = os.environ) -> Settings:
        """Read `BOARDHAND_*`. Raises ValueError naming the variable that is missing or wrong."""
        auth = _auth(environment)
        return cls(
            server=_server(environment),
            ca=read.path(environment, "BOARDHAND_SERVER_CA"),
            auth=auth,
            proxy=_proxy(environment) if auth is Auth.PROXY else None,
            namespaces=read.words(environment, "BOARDHAND_NAMESPACES"),
            listen=read.listening(environment, "BOARDHAND_DASHBOARD_LISTEN") or cls.listen,
            tls=read.path(environment, "BOARDHAND_DASHBOARD_TLS"),
            hosts=frozenset(read.words(environment, "BOARDHAND_DASHBOARD_HOSTS")),
            forwarded=int(_number(environment, "BOARDHAND_DASHBOARD_FORWARDED", 0)),
            sealing=_sealing(environment, cls.sealing),
            certificates=read.path(environment, "BOARDHAND_CERTIFICATES"),
            database=_database(environment),
            idle_seconds=_number(environment, "BOARDHAND_DASHBOARD_IDLE_SECONDS", cls.idle_seconds),
            absolute_seconds=_number(environment, "BOARDHAND_DASHBOARD_ABSOLUTE_SECONDS", cls.absolute_seconds),
        )


def _database(environment: Mapping[str, str]) -> str:
    """Where the history is, if it is said to be anywhere."""
    if not any(environment.get(name) for name in ("BOARDHAND_HISTORY_URL", "BOARDHAND_HISTORY_URL_FILE")):
        return ""
    return url_of(environment).render_as_string(hide_password=False)


def _server(environment: Mapping[str, str]) -> str:
    """As said, else as the kubelet tells every pod."""
    if said := environment.get("BOARDHAND_SERVER", ""):
        return said
    host, port = (environment.get(f"KUBERNETES_SERVICE_{part}", "") for part in ("HOST", "PORT"))
    if not host or not port:
        raise ValueError("BOARDHAND_SERVER is not set: give the API server's address, such as https://10.96.0.1:443")
    return f"https://[{host}]:{port}" if ":" in host else f"https://{host}:{port}"


def _auth(environment: Mapping[str, str]) -> Auth:
    said = environment.get("BOARDHAND_DASHBOARD_AUTH", Auth.TOKEN.value)
    if said not in (Auth.TOKEN.value, Auth.PROXY.value):
        raise ValueError(f"BOARDHAND_DASHBOARD_AUTH={said!r}: give token or proxy")
    return Auth(said)


def _proxy(environment: Mapping[str, str]) -> Proxy:
    secret = environment.get("BOARDHAND_PROXY_SECRET_FILE", "")
    if not secret:
        raise ValueError("BOARDHAND_PROXY_SECRET_FILE is not set: name the file with the secret that the proxy sends")
    return Proxy(
        secret_file=Path(secret),
        token_file=Path(environment.get("BOARDHAND_PROXY_TOKEN_FILE") or Proxy.token_file),
        secret_header=_header(environment, "BOARDHAND_PROXY_SECRET_HEADER", Proxy.secret_header),
        user_header=_header(environment, "BOARDHAND_PROXY_USER_HEADER", Proxy.user_header),
        groups_header=_header(environment, "BOARDHAND_PROXY_GROUPS_HEADER", Proxy.groups_header),
        groups=frozenset(read.words(environment, "BOARDHAND_PROXY_GROUPS")),
        sign_out=environment.get("BOARDHAND_PROXY_SIGN_OUT", ""),
    )


def _header(environment: Mapping[str, str], name: str, usual: str) -> str:
    said = environment.get(name) or usual
    if not _HEADER.fullmatch(said):
        raise ValueError(f"{name}={said!r}: give the name of a header, such as {usual}")
    return said


def _sealing(environment: Mapping[str, str], usual: tuple[str, str]) -> tuple[str, str]:
    said = environment.get("BOARDHAND_SEALING_SECRET", "")
    namespace, _, name = said.partition("/")
    if not said:
        return usual
    if not namespace or not name:
        raise ValueError(f"BOARDHAND_SEALING_SECRET={said!r}: give NAMESPACE/NAME, such as {'/'.join(usual)}")
    return namespace, name


def _number(environment: Mapping[str, str], name: str, usual: float) -> float:
    said = environment.get(name, "")
    if not said:
        return usual
    try:
        number = float(said)
    except ValueError:
        number = -1.0
    if not 0 <= number < 1e9:
        raise ValueError(f"{name}={said!r}: give a number from 0 on")
    return number
