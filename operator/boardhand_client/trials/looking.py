"""Looking at one pool and all that it names, with the visitor's rights."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TypeVar

from boardhand_client.trials.asking import Asking
from boardhand_client.trials.checks.fitting import sample
from boardhand_client.trials.checks.named import named
from boardhand_client.trials.checks.pools import IMAGE
from boardhand_client.trials.facts import Found, Hidden, Json, Operator, PoolFacts
from boardhand_client.trials.pulling import Pulling
from boardhand_client.trials.reach import Reach
from boardhand_client.trials.trial import Trial
from boardhand_client.trials.trying import Trying
from boardhand_operator.credentials import sources
from boardhand_operator.errors import Misconfigured
from boardhand_operator.sealed.keyring import Keyring
from boardhand_operator.specs.network import policy_name
from boardhand_operator.views import Pool

K = TypeVar("K")


@dataclass(frozen=True)
class Looking:
    """What the looks at all pools have in common. pulling: None where nobody is asked."""

    kube: Asking
    operator: Operator
    ring: Keyring | Hidden | None
    reach: Reach
    pulling: Pulling | None

    async def at(self, body: Json) -> PoolFacts:
        """One pool, and all that it names."""
        out = PoolFacts(body)
        try:
            pool = Pool.of(body)
        except Misconfigured:
            # The check says it, from the body.
            return out
        names = {one.reference.name for one in sources(pool.spec).values() if one.reference}
        names |= {one.name for one in pool.spec.pod.image_pull_secrets}
        secrets = await self._secrets(pool, names)
        others = {(one.kind, one.name): one.path for one in named(pool.spec, pool.namespace)}
        policies = f"/apis/networking.k8s.io/v1/namespaces/{pool.namespace}/networkpolicies"
        template = _template(pool, self.operator)
        return replace(
            out,
            secrets=secrets,
            named=await _each(self.kube, others),
            policy=await self.kube.found(f"{policies}/{policy_name(pool)}"),
            trials=await Trying(pool, secrets, self.ring, self.reach if self.pulling else None).all(),
            images=await self._images(pool, template, secrets),
            refused=await self._refused(pool, template),
        )

    async def _secrets(self, pool: Pool, names: Iterable[str]) -> dict[str, Found]:
        core = f"/api/v1/namespaces/{pool.namespace}/secrets"
        return await _each(self.kube, {name: f"{core}/{name}" for name in sorted(names)})

    async def _images(
        self, pool: Pool, template: Json | None, secrets: Mapping[str, Found]
    ) -> Mapping[str, Trial | Hidden]:
        if self.pulling is None or template is None:
            return {}
        runner = self.operator.environment.get("BOARDHAND_RUNNER_IMAGE", "")
        named = template["spec"].get("imagePullSecrets") or await self._of_account(pool)
        if isinstance(named, Hidden):
            return await self.pulling.all(pool.spec, template["spec"], runner, named)
        names = {str(one["name"]) for one in named}
        held = await self._secrets(pool, names - secrets.keys())
        held |= {name: body for name, body in secrets.items() if name in names}
        return await self.pulling.all(pool.spec, template["spec"], runner, held)

    async def _of_account(self, pool: Pool) -> list[Json] | Hidden:
        """What the API server gives a pod without pull secrets: those of the namespace's usual account."""
        found = await self.kube.found(f"/api/v1/namespaces/{pool.namespace}/serviceaccounts/default")
        return found if isinstance(found, Hidden) else (found or {}).get("imagePullSecrets") or []

    async def _refused(self, pool: Pool, template: Json | None) -> str | Hidden | None:
        """What the API server says of the pod that the pool's next run would have."""
        if template is None:
            return None
        about = {**template["metadata"], "generateName": "boardhand-doctor-"}
        pod = {"apiVersion": "v1", "kind": "Pod", **template, "metadata": about}
        return await self.kube.refusal(pool.namespace, pod)


def _template(pool: Pool, operator: Operator) -> Json | None:
    """Of the pod of the pool's next run; None where there can be none, which its check says."""
    try:
        job = sample(pool, operator.environment.get("BOARDHAND_RUNNER_IMAGE") or IMAGE)
    except Misconfigured:
        return None
    found: Json = job["spec"]["template"]
    return found


async def _each(kube: Asking, paths: Mapping[K, str]) -> dict[K, Found]:
    found = await asyncio.gather(*(kube.found(path) for path in paths.values()))
    return dict(zip(paths, found, strict=True))
