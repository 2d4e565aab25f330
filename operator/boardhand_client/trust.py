"""Whom a session takes for the API server: sessions with the same authorities share a context.

To read the system's authorities takes some 60 ms, and every visitor of the dashboard has a session of their own. What
is shared says nothing of who asks: a kubeconfig with a client certificate, or that checks less, has a context alone.
"""

from __future__ import annotations

import copy
from functools import lru_cache
from pathlib import Path
from typing import Any

from kubernetes.aio import client

_BUNDLES = 8
"""So many are remembered: a cluster has one, which is replaced now and then."""


def api_client(settings: client.Configuration) -> client.ApiClient:
    """A client with connections and cookies of its own. Raises OSError where the authorities cannot be read."""
    own = settings.cert_file or settings.key_file or settings.ca_cert_data or settings.proxy or settings.retries
    if own or not settings.verify_ssl or settings.disable_strict_ssl_verification:
        return client.ApiClient(settings)
    bundle = settings.ssl_ca_cert
    # Nobody asked anything with the one that is copied, so all that it has is the context.
    made = copy.copy(_unused(Path(bundle).read_bytes() if bundle else None))
    made.configuration, made.default_headers = settings, {}
    made.rest_client = copy.copy(made.rest_client)
    made.rest_client.configuration, made.rest_client.maxsize = settings, settings.connection_pool_maxsize
    return made


@lru_cache(_BUNDLES)
def _unused(bundle: bytes | None) -> Any:
    """By what the file says, not by its name: a cluster's authority is renewed in place. None: the system's."""
    settings = type.__call__(client.Configuration)
    if bundle is not None:
        # What is not ASCII stands between certificates. Of an empty text the library makes the system's authorities.
        settings.ca_cert_data = bundle.decode("ascii", "ignore") or " "
    return client.ApiClient(settings)
