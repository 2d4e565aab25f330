"""What a pool's pods may reach, and where its board is to call. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from boardhand_api.egress import EgressMode
from boardhand_client.trials.facts import Hidden, Operator, PoolFacts
from boardhand_client.trials.finding import Finding, Said, Unseen, upgrade
from boardhand_operator.specs.network import policy_name
from boardhand_operator.views import Pool

_PORTS = {"http": 80, "https": 443, "ssh": 22}


def policy(facts: PoolFacts, pool: Pool, operator: Operator) -> Said:
    """The pool's NetworkPolicy is there, and its own."""
    name = policy_name(pool)
    if isinstance(facts.policy, Hidden):
        yield Unseen("network-policy", facts.about, facts.policy.why)
    elif facts.policy is None:
        # The operator makes it before the first pod, with the pool's first check.
        if pool.status.observed_generation is not None:
            said = f"NetworkPolicy {name} is not there: its pods may reach everything"
            its = operator.deployment["metadata"]["name"] if isinstance(operator.deployment, dict) else "boardhand"
            fix = f"kubectl -n {operator.namespace} rollout restart deployment/{its}"
            yield Finding("network-policy", facts.about, said, fix)
    elif pool.uid not in {one.get("uid") for one in facts.policy["metadata"].get("ownerReferences") or ()}:
        said = f"NetworkPolicy {name} is somebody else's: the operator leaves it alone, and begins no pod"
        yield Finding("network-policy", facts.about, said, f"kubectl -n {facts.namespace} delete networkpolicy {name}")


def proxy(facts: PoolFacts, pool: Pool, operator: Operator) -> Said:
    """Where the pool goes through the proxy there is one, and it lets the pool's own servers through."""
    egress = pool.spec.egress
    if egress.mode is not EgressMode.PROXY or not isinstance(operator.deployment, dict):
        return
    if not operator.environment.get("BOARDHAND_EGRESS_PROXY"):
        fix = upgrade(operator.deployment, operator.namespace)
        said = "spec.egress.mode is Proxy, and the chart deployed none"
        yield Finding("egress", facts.about, said, f"{fix} --set egressProxy.enabled=true")
    elif isinstance(operator.egress, Hidden):
        yield Unseen("egress", facts.about, operator.egress.why)
    elif not ((operator.egress or {}).get("status") or {}).get("readyReplicas"):
        fix = f"kubectl -n {operator.namespace} describe deployment {operator.deployment['metadata']['name']}-egress"
        yield Finding("egress", facts.about, "spec.egress.mode is Proxy, and no pod of the proxy is ready", fix)
    shut = [
        (where, host if port in (80, 443) else f"{host}:{port}")
        for where, host, port in servers(pool)
        if not _passes(host, port, egress.hosts) and host not in egress.direct
    ]
    if shut:
        said = "; ".join(f"{where} is at {at}, which spec.egress.hosts does not name" for where, at in shut)
        hosts = dict.fromkeys([*egress.hosts, *(at for _, at in shut)])
        yield Finding("egress", facts.about, said, f"spec.egress.hosts: [{', '.join(hosts)}]")


def servers(pool: Pool) -> Iterator[tuple[str, str, int]]:
    """Field, host and port of what each run must reach."""
    spec = pool.spec
    given = [("spec.repository.url", spec.repository.url)]
    for size, model in (("large", spec.models.large), ("small", spec.models.small)):
        if model and model.base_url:
            given.append((f"spec.models.{size}.baseURL", model.base_url))
    for where, address in given:
        at = urlsplit(address)
        yield where, at.hostname or "", at.port or _PORTS[at.scheme]


def _passes(host: str, port: int, hosts: list[str]) -> bool:
    for one in hosts:
        name, _, number = one.partition(":")
        fits = host.endswith(name[1:]) if name.startswith("*.") else host == name
        if fits and (port == int(number) if number else port in (80, 443)):
            return True
    return False


def webhooks(facts: PoolFacts, pool: Pool, operator: Operator) -> Said:
    """The operator listens, and the addresses lead to this pool; else what the operator says of them."""
    said = list(_addresses(facts, pool, operator))
    yield from said
    told = pool.condition("Webhook")
    if not said and told and told.status == "False" and told.observed_generation in (None, pool.generation):
        fix = f"kubectl -n {facts.namespace} describe codingagent {facts.name}"
        yield Finding("webhook", facts.about, f"{told.reason}: {told.message}", fix)


def _addresses(facts: PoolFacts, pool: Pool, operator: Operator) -> Said:
    spec = pool.spec
    for part, asked in (("board", spec.board), ("forge", spec.forge)):
        webhook = asked.webhook if asked else None
        if webhook is None:
            continue
        field = f"spec.{part}.webhook"
        if isinstance(operator.deployment, dict) and not operator.environment.get("BOARDHAND_WEBHOOKS"):
            fix = upgrade(operator.deployment, operator.namespace)
            yield Finding(
                "webhook",
                facts.about,
                f"{field}: the operator takes no webhooks",
                f"{fix} --set operator.webhooks.enabled=true",
            )
        at, path = urlsplit(webhook.callback_url), f"/webhooks/{facts.namespace}/{facts.name}"
        if not at.path.endswith(path):
            said = f"{field}.callbackUrl leads to {at.path or '/'}, and this pool is at {path}"
            yield Finding("webhook", facts.about, said, f"{field}.callbackUrl: {at.scheme}://{at.netloc}{path}")
