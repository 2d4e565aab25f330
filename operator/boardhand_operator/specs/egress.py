"""Pure: how the stages of a run find the proxy, and by what it knows what their pool allows.

The credentials say who asks; they are no secret from the model, and good for what its pool may reach anyway. They hold
the pool's hosts with a proof by the operator's key, so that the proxy keeps nothing (`allow.py` of the chart).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterable
from typing import Any

from boardhand_api.egress import Egress
from boardhand_api.pod import Stage
from boardhand_operator.errors import Misconfigured

Json = dict[str, Any]

HOSTS_CHARACTERS = 4000
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy")
_LOCAL = ("localhost", "127.0.0.1", "::1")


def user_of(namespace: str, run: str) -> str:
    """As whom the run asks."""
    return f"{namespace}.{run}"


def password(user: str, hosts: Iterable[str], key: bytes) -> str:
    """The hosts, and the proof that the operator allows them to this user, in characters that a URL takes as they are.

    Raises Misconfigured for more than programs take as part of an address.
    """
    said = " ".join(hosts)
    if len(said) > HOSTS_CHARACTERS:
        text = (
            f"spec.egress.hosts has {len(said)} characters: at most {HOSTS_CHARACTERS}; use names such as *.example.com"
        )
        raise Misconfigured("EgressTooLong", text)
    listed = base64.urlsafe_b64encode(said.encode()).decode().rstrip("=")
    proof = hmac.new(key, f"{user}\n{listed}".encode(), hashlib.sha256).hexdigest()
    return f"{listed}.{proof}"


def variables(egress: Egress, user: str, secret: str, host: str, port: int) -> dict[str, str]:
    """By which programs find the proxy. host: its address."""
    shown = f"[{host}]" if ":" in host else host
    direct = ",".join([*_LOCAL, *egress.direct])
    found = dict.fromkeys(_PROXIES, f"http://{user}:{secret}@{shown}:{port}") | dict.fromkeys(
        ("NO_PROXY", "no_proxy"), direct
    )
    return (
        found
        | {"BOARDHAND_PROXY_HOST": host, "BOARDHAND_PROXY_PORT": str(port)}
        | {
            "BOARDHAND_PROXY_USER": user,
            "BOARDHAND_PROXY_PASSWORD": secret,
        }
    )


def java_options(egress: Egress, host: str, port: int) -> str:
    """The JVM's own words for the proxy; it takes no credentials, so its tools are told theirs (docs/network.md)."""
    direct = "|".join([*_LOCAL, *egress.direct])
    told = {
        f"{kind}.proxy{what}": value for kind in ("http", "https") for what, value in (("Host", host), ("Port", port))
    }
    options = told | {"http.nonProxyHosts": direct, "jdk.http.auth.tunneling.disabledSchemes": ""}
    return " ".join(f"-D{name}={value}" for name, value in options.items())


def through(job: Json, found: dict[str, str], java: str) -> Json:
    """The Job with these variables in all its stages, in place of those of the same name; services go without."""
    spec = job["spec"]["template"]["spec"]
    changed = {
        kind: [_told(box, found, java) if box["name"] in set(Stage) else box for box in spec[kind]]
        for kind in ("initContainers", "containers")
    }
    template = job["spec"]["template"] | {"spec": spec | changed}
    return job | {"spec": job["spec"] | {"template": template}}


def _told(box: Json, found: dict[str, str], java: str) -> Json:
    kept = [one for one in box["env"] if one["name"] not in found]
    kept = [one | {"value": f"{one['value']} {java}"} if one["name"] == "JAVA_TOOL_OPTIONS" else one for one in kept]
    return box | {"env": [*kept, *({"name": name, "value": value} for name, value in found.items())]}
