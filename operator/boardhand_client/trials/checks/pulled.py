"""The images of a pool's pods, and the Secrets that they are pulled with. Pure."""

from __future__ import annotations

from boardhand_client.trials.checks.images import RUNNER, of_pool, wrong_with
from boardhand_client.trials.checks.operator import about_of
from boardhand_client.trials.facts import Facts, Hidden, PoolFacts
from boardhand_client.trials.finding import Finding, Said, Unseen, upgrade
from boardhand_client.trials.pull_secrets import TYPES, credentials_of
from boardhand_client.trials.registry import MISSING, NO_REGISTRY, REFUSED
from boardhand_client.trials.trial import Trial
from boardhand_operator.errors import Misconfigured
from boardhand_operator.views import Pool


def images(facts: Facts, one: PoolFacts, its: Pool) -> Said:
    """Each names a version and can be pulled. Who refuses an image says nothing new where a pull secret is wrong."""
    runner = facts.operator.environment.get("BOARDHAND_RUNNER_IMAGE", "")
    unnamed = {field: said for field, image in of_pool(its.spec, runner).items() if (said := wrong_with(image))}
    for field, said in unnamed.items():
        # The runner's is said once, and not of every pool.
        if field != RUNNER:
            yield Finding("image", one.about, f"{field}: {said}", f"{field}: NAME:VERSION")
    secrets = list(_secrets(one, its))
    yield from secrets
    wrong = any(isinstance(each, Finding) for each in secrets)
    for field, trial in one.images.items():
        if isinstance(trial, Hidden):
            yield Unseen("image", one.about, f"{field}: {trial.why}")
        elif trial.ok or field in unnamed or (wrong and trial.reason == REFUSED):
            continue
        elif trial.reason in (MISSING, NO_REGISTRY, REFUSED):
            # Of all pools' pods, whatever they are pulled with: said once.
            about = about_of(facts.operator) if field == RUNNER and trial.reason != REFUSED else one.about
            yield Finding("image", about, f"{field}: {trial.said}", _fix(facts, one, its, field, trial))
        else:
            yield Unseen("image", one.about, f"{field}: {trial.said}; for the nodes it may be another matter")


def _fix(facts: Facts, one: PoolFacts, its: Pool, field: str, trial: Trial) -> str:
    at, given = facts.operator, its.spec.pod.image_pull_secrets
    if trial.reason == REFUSED:
        name = given[0].name if given else "NAME"
        make = f"kubectl -n {one.namespace} create secret docker-registry {name} --from-file=.dockerconfigjson=FILE"
        if given:
            return f"{make} --dry-run=client -o yaml | kubectl apply -f -"
        return f"{make}; and spec.pod.imagePullSecrets: [{{name: {name}}}]"
    if field == RUNNER and isinstance(at.deployment, dict):
        return f"{upgrade(at.deployment, at.namespace)} --set {field}=HOST/NAME:VERSION"
    return f"{field}: HOST/NAME:VERSION"


def _secrets(one: PoolFacts, its: Pool) -> Said:
    for at, reference in enumerate(its.spec.pod.image_pull_secrets):
        field, name, found = f"spec.pod.imagePullSecrets[{at}]", reference.name, one.secrets.get(reference.name)
        make = f"kubectl -n {one.namespace} create secret docker-registry {name} --docker-server=HOST"
        again = f"kubectl -n {one.namespace} delete secret {name}; {make}"
        if isinstance(found, Hidden):
            yield Unseen("pull-secret", one.about, f"{field}: {found.why}")
        elif found is None:
            yield Finding("pull-secret", one.about, f"{field}: there is no Secret {name}", make)
        elif found.get("type") not in TYPES:
            said = f"{field}: Secret {name} is of type {found.get('type')}, with which no image is pulled"
            yield Finding("pull-secret", one.about, said, again)
        else:
            try:
                credentials_of(found)
            except Misconfigured as wrong:
                yield Finding("pull-secret", one.about, f"{field}: {wrong.message}", again)
