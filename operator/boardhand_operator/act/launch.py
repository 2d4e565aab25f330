"""Making and removing the Job of a try."""

from __future__ import annotations

import asyncio
import json
import socket
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus

from boardhand_api.egress import EgressMode
from boardhand_api.failures import FailureClass
from boardhand_api.pod_settings import UserNamespaces
from boardhand_api.run_status import Failure, Phase
from boardhand_operator.act.doing import Doing
from boardhand_operator.act.volume import ensure
from boardhand_operator.decide.conditions import stamp
from boardhand_operator.kube import ApiException, Conflict, Json, Resource
from boardhand_operator.minted import keep
from boardhand_operator.names import job_name
from boardhand_operator.sealed import keep as sealed
from boardhand_operator.specs import users
from boardhand_operator.specs.egress import java_options, password, through, user_of, variables
from boardhand_operator.specs.job import build_job
from boardhand_operator.specs.order import build_order
from boardhand_operator.views import Pool


async def launch(doing: Doing, number: int) -> bool:
    """Make the Job of the run's try `number`, or find it; whether it is this run's. Its tokens and volume come first.

    A Job of this name that somebody else owns is left alone, and its number counts as used. Raises Misconfigured for
    a volume that is somebody else's.
    """
    run, pool = doing.run, doing.its_pool
    name = job_name(run.name, number)
    told = await doing.services.fingerprints.of(pool)
    order = build_order(run.name, pool.spec, run.spec, told, run.status.newer)
    minted = await keep.ensure(doing)
    await sealed.ensure(doing)
    wanted = build_job(name, dict(run.body), pool.spec, order, doing.settings.runner_image, minted)
    wanted = await _with_own_users(doing, await _through_proxy(doing, wanted))
    if run.status.generation is None:
        await doing.services.snapshots.keep(pool)
    volume = await ensure(doing)
    await _close_network(doing)
    job = await _made(doing, number, wanted)
    if job is None:
        return False
    doing.store.put(Resource.JOBS, job)
    started = run.status.started_at or stamp(datetime.now(UTC))
    fields = {"job": name, "tries": number, "phase": Phase.PREPARING.value, "startedAt": started, "retryAt": None}
    fields["generation"] = pool.spec_generation
    fields |= {"volume": volume} if volume else {}
    await doing.record(fields, f"Job {name} is made")
    if number > 1:
        await doing.tell("Launched", f"Job {name}, try {number}")
    return True


async def _made(doing: Doing, number: int, wanted: Json) -> Json | None:
    """The Job, as it is made or as it is there already; None where it cannot be this run's, which is told."""
    run, name = doing.run, wanted["metadata"]["name"]
    try:
        return await doing.kube.create(Resource.JOBS, run.namespace, wanted)
    except Conflict:
        found = await doing.kube.get(Resource.JOBS, run.namespace, name)
        if found is not None and doing.owns(found):
            return found
        text = f"a Job {name} is there that this run does not own; it is left alone"
        await doing.record({"tries": number}, text)
        await doing.tell("ForeignJob", text, warning=True)
    except ApiException as refused:
        if refused.status != HTTPStatus.UNPROCESSABLE_ENTITY:
            raise
        await _unfit(doing, f"the API server refuses Job {name}: {_said(refused)}")
    return None


async def _through_proxy(doing: Doing, job: Json) -> Json:
    """The Job, in mode Proxy with what its stages need to find the proxy: by number, since names may be closed."""
    run, egress, proxy = doing.run, doing.its_pool.spec.egress, doing.settings.network.proxy
    if egress.mode is not EgressMode.PROXY or proxy is None:
        return job
    found = await asyncio.get_running_loop().getaddrinfo(proxy.host, proxy.port, type=socket.SOCK_STREAM)
    host, user = str(found[0][4][0]), user_of(run.namespace, run.name)
    secret = password(user, egress.hosts, proxy.key)
    told = variables(egress, user, secret, host, proxy.port)
    return through(job, told, java_options(egress, host, proxy.port))


async def _with_own_users(doing: Doing, job: Json) -> Json:
    """The Job, its pod with users of its own where the pool leaves that to the operator, and it is to be so."""
    template = job["spec"]["template"]
    left = doing.its_pool.spec.pod.user_namespaces is UserNamespaces.AUTO
    if not (left and await doing.services.nodes.own_users(template["spec"])):
        return job
    spec = template["spec"] | users.OWN
    return job | {"spec": job["spec"] | {"template": template | {"spec": spec}}}


async def _close_network(doing: Doing) -> None:
    """See that the pool's NetworkPolicy is there, as the pool is now: a policy is of all its runs, those under way too.

    Raises what `Policies.ensure` raises.
    """
    body = doing.store.get(Resource.POOLS, (doing.run.namespace, doing.run.spec.pool))
    pool = Pool.of(body) if body else doing.its_pool
    await doing.services.policies.ensure(pool, doing.settings.network)


def _said(refused: ApiException) -> str:
    """The sentence of the Status that the API server answered with."""
    with suppress(ValueError):
        return str(json.loads(str(refused.body)).get("message"))
    return str(refused.body or refused.reason)


async def _unfit(doing: Doing, text: str) -> None:
    """The end of a run whose Job no API server takes: its pool must be mended."""
    failure = Failure(failure_class=FailureClass.CONFIGURATION, reason="JobInvalid", message=text[:1000])
    await doing.record({"failure": failure.wire(), "finishedAt": stamp(datetime.now(UTC))}, failure.message)
