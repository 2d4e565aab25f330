"""The call that Gitea makes for a webhook, as it sends it.

Source: https://docs.gitea.com/usage/webhooks , and services/webhook/deliver.go of Gitea 1.26.
"""

from __future__ import annotations

import hashlib
import hmac
import json

from testbed.gitea.shapes import Json


def hook_call(secret: str, event: str, payload: Json) -> tuple[dict[str, str], bytes]:
    """Headers and body of a call about this event."""
    body = json.dumps(payload, ensure_ascii=False, indent=2).encode()
    made = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    old = hmac.new(secret.encode(), body, hashlib.sha1).hexdigest()
    headers = {"Content-Type": "application/json"}
    for vendor in ("GitHub", "Gitea", "Gogs"):
        delivery = "f6266f16-1bf3-46a5-9ea4-602e06ead473"
        headers |= {f"X-{vendor}-Delivery": delivery, f"X-{vendor}-Event": event, f"X-{vendor}-Event-Type": event}
    signatures = {"X-Gitea-Signature": made, "X-Gogs-Signature": made}
    return headers | signatures | {"X-Hub-Signature": f"sha1={old}", "X-Hub-Signature-256": f"sha256={made}"}, body
