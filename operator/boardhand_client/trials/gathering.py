"""Gathering what `boardhand doctor` judges: thin, and with the visitor's rights alone."""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace

from boardhand_api import API_VERSION
from boardhand_client.trials.asking import Asking
from boardhand_client.trials.checks.operator import AUTO, USERS
from boardhand_client.trials.checks.rights import ACTING, LOOKING, NODES, OPERATOR
from boardhand_client.trials.facts import Facts, Found, Hidden, Json, Namespace, Operator, PoolFacts
from boardhand_client.trials.looking import Looking
from boardhand_client.trials.pulling import Pulling
from boardhand_client.trials.reach import Reach
from boardhand_operator.sealed.keyring import KEYS_FILE, Keyring, Unusable

SELECTOR = "app.kubernetes.io/name=boardhand,app.kubernetes.io/component=operator"
_POOLS = f"/apis/{API_VERSION}"
_CRDS = ("codingagents.boardhand.dev", "ticketruns.boardhand.dev")
_AT_ONCE = 4
"""So many pools are looked at side by side."""
Progress = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What is to be looked at."""

    namespaces: Sequence[str] = ()
    """Empty: all that the visitor may see."""
    pools: Sequence[str] = ()
    """Empty: all."""
    operator: str = "boardhand"
    """The operator's namespace."""
    trials: bool = True
    """Whether boards, forges, models and registries are asked."""
    client: str = ""


async def gather(kube: Asking, asked: Asked, reach: Reach, progress: Progress = lambda _: None) -> Facts:
    """All facts. progress: told what is looked at. Raises SessionError where the API server cannot be asked."""
    progress("the cluster")
    version, at, server_at = await kube.clock()
    found = await asyncio.gather(
        *(kube.found(f"/apis/apiextensions.k8s.io/v1/customresourcedefinitions/{name}") for name in _CRDS)
    )
    definitions: dict[str, Found] = dict(zip(_CRDS, found, strict=True))
    progress("the operator")
    operator = await _operator(kube, asked.operator)
    bodies, absent, hidden = await _pools(kube, asked)
    # Of what may not be listed the check of the visitor's rights tells.
    names = sorted({str(body["metadata"]["namespace"]) for body in bodies} | {*asked.namespaces, *hidden})
    progress("namespaces and rights")
    spaces = await asyncio.gather(*(_namespace(kube, name, operator) for name in names))
    storage = await kube.listed("/apis/storage.k8s.io/v1/storageclasses")
    nodes = await kube.listed("/api/v1/nodes")
    looking = Looking(kube, operator, _ring(operator.sealing), reach, Pulling(nodes, reach) if asked.trials else None)
    turn = asyncio.Semaphore(_AT_ONCE)

    async def one(body: Json) -> PoolFacts:
        async with turn:
            progress("pool {namespace}/{name}".format(**body["metadata"]))
            return await looking.at(body)

    pools = await asyncio.gather(*(one(body) for body in bodies))
    return Facts(
        at=at,
        server_at=server_at,
        version=version,
        definitions=definitions,
        operator=operator,
        namespaces=dict(zip(names, spaces, strict=True)),
        storage=storage,
        nodes=nodes,
        pools=pools,
        absent=absent,
        client=asked.client,
    )


async def _operator(kube: Asking, namespace: str) -> Operator:
    deployments = f"/apis/apps/v1/namespaces/{namespace}/deployments"
    found = await kube.listed(deployments, SELECTOR)
    if isinstance(found, Hidden):
        return Operator(namespace, found, (), found, found, found)
    if not found:
        others = await kube.listed("/apis/apps/v1/deployments", SELECTOR)
        known = () if isinstance(others, Hidden) else [str(one["metadata"]["namespace"]) for one in others]
        return Operator(namespace, None, known)
    at = Operator(namespace, found[0])
    name, lease = str(found[0]["metadata"]["name"]), at.environment.get("BOARDHAND_LEASE", "")
    secrets = f"/api/v1/namespaces/{namespace}/secrets"
    objects = await asyncio.gather(
        kube.found(f"/apis/coordination.k8s.io/v1/namespaces/{namespace}/leases/{lease}") if lease else _none(),
        kube.found(f"{secrets}/{_sealing(found[0])}"),
        kube.found(f"{deployments}/{name}-egress") if at.environment.get("BOARDHAND_EGRESS_PROXY") else _none(),
    )
    at = replace(at, lease=objects[0], sealing=objects[1], egress=objects[2])
    if at.environment.get(USERS) != AUTO:
        return at
    theirs = await kube.theirs("", [NODES], at.account)
    return replace(at, lists_nodes=theirs if isinstance(theirs, Hidden) else theirs[NODES])


async def _none() -> Found:
    return None


def _sealing(deployment: Json) -> str:
    """The name of the Secret with the keys, as the Deployment mounts it."""
    for volume in deployment["spec"]["template"]["spec"].get("volumes") or ():
        if volume["name"] == "sealing":
            return str(volume["secret"]["secretName"])
    return f"{deployment['metadata']['name']}-sealing"


def _ring(secret: Found) -> Keyring | Hidden | None:
    if isinstance(secret, Hidden) or secret is None:
        return secret
    with suppress(Unusable, ValueError):
        return Keyring.parse(base64.b64decode((secret.get("data") or {}).get(KEYS_FILE, "")).decode())
    return None


async def _pools(kube: Asking, asked: Asked) -> tuple[list[Json], list[str], list[str]]:
    """The pools that are looked at; of those that were asked for, the ones that are not there; and the namespaces whose
    pools this visitor may not list."""
    hidden = list[str]()
    if not asked.namespaces:
        found = await kube.listed(f"{_POOLS}/codingagents")
        namespaces = [kube.namespace] if isinstance(found, Hidden) else []
    else:
        found, namespaces = [], list(asked.namespaces)
    bodies = [] if isinstance(found, Hidden) else found
    for name in namespaces:
        there = await kube.listed(f"{_POOLS}/namespaces/{name}/codingagents")
        if isinstance(there, Hidden):
            hidden.append(name)
        else:
            bodies += there
    if not asked.pools:
        return bodies, [], hidden
    chosen = [body for body in bodies if body["metadata"]["name"] in asked.pools]
    known = {body["metadata"]["name"] for body in chosen}
    where = asked.namespaces[0] if asked.namespaces else kube.namespace
    absent = [] if hidden else [f"{where}/{name}" for name in asked.pools if name not in known]
    return chosen, absent, hidden


async def _namespace(kube: Asking, name: str, operator: Operator) -> Namespace:
    core = f"/api/v1/namespaces/{name}"
    body, quotas, ranges, visitor = await asyncio.gather(
        kube.found(core),
        kube.listed(f"{core}/resourcequotas"),
        kube.listed(f"{core}/limitranges"),
        kube.mine(name, (*LOOKING, *ACTING)),
    )
    theirs = await kube.theirs(name, OPERATOR, operator.account) if operator.account else {}
    return Namespace(body, quotas, ranges, theirs, visitor)
