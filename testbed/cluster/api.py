"""Asking the API server small questions, as the administrator, without starting kubectl."""

from __future__ import annotations

import http.client
import json
import ssl
from typing import Any

from testbed.cluster import layout
from testbed.cluster.control_plane import API_PORT
from testbed.plan import Plan

_TIMEOUT_SECONDS = 5.0


def get(plan: Plan, path: str) -> tuple[int, bytes]:
    """Status and body of a GET; raises OSError or http.client.HTTPException when there is no answer."""
    pki = layout.pki(plan)
    context = ssl.create_default_context(cafile=str(pki / "ca.crt"))
    context.load_cert_chain(pki / "admin.crt", pki / "admin.key")
    connection = http.client.HTTPSConnection(plan.node_ip, API_PORT, context=context, timeout=_TIMEOUT_SECONDS)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


def found(plan: Plan, path: str) -> bool:
    """Whether a GET is answered with 200; no answer at all is a no."""
    try:
        return get(plan, path)[0] == http.HTTPStatus.OK
    except (OSError, http.client.HTTPException):
        return False


def node_is_ready(plan: Plan) -> bool:
    """Whether the node exists, is Ready, and pods may be scheduled to it."""
    try:
        status, body = get(plan, f"/api/v1/nodes/{plan.node_name}")
    except (OSError, http.client.HTTPException):
        return False
    return status == http.HTTPStatus.OK and is_ready(json.loads(body))


def is_ready(node: dict[str, Any]) -> bool:
    """Whether a Node object has the condition Ready and no taint is left from its start."""
    conditions = {item["type"]: item["status"] for item in node["status"].get("conditions", [])}
    return conditions.get("Ready") == "True" and not node["spec"].get("taints")
