"""Trying credentials where they are: the Secret is there and has its keys, the sealed text opens."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from boardhand_api.pool import CodingAgentSpec
from boardhand_client.trials.trial import Trial, wrong_of
from boardhand_operator.credentials import Source
from boardhand_operator.credentials.pool_secrets import require_stage_keys, stage_keys, values_of
from boardhand_operator.errors import Misconfigured
from boardhand_operator.plugins import require_keys
from boardhand_operator.sealed.keyring import Keyring, Place

Json = dict[str, Any]


def try_secret(
    spec: CodingAgentSpec, source: Source, body: Json | None, namespace: str, keys: Sequence[str] = ()
) -> Trial:
    """See that the Secret which a pool names at this place is one for pools, and has the keys. Pure.

    body: the Secret, or None where there is none. keys: those that the board or forge wants. offers: the keys it has.
    """
    name = source.reference.name if source.reference else ""
    held: dict[str, str] = {}
    wanted = keys or stage_keys(spec, source.place)

    def tried() -> str:
        held.update(values_of(body, namespace, name, source.field))
        require_stage_keys(spec, source, held)
        require_keys(held, keys, name, source.field)
        return f"Secret {name} has what {source.field} needs"

    found = _told(tried, lambda: held)
    if found.reason == "SecretMissing":
        return found.fixed_by(create(namespace, name, wanted))
    if found.reason == "SecretForbidden":
        return found.fixed_by(f"{create(namespace, 'NAME', wanted)}  # and name it in {source.field}")
    if found.reason in ("SecretKeyMissing", "SecretIncomplete"):
        lacking = [key for key in wanted if not held.get(key)]
        return found.fixed_by(add(namespace, name, lacking))
    return found


def try_sealed(source: Source, ring: Keyring | None, namespace: str, pool: str) -> Trial:
    """See that what is sealed at this place opens with these keys, for this pool and field. Pure.

    ring: None where the operator was installed without keys.
    """

    def tried() -> str:
        if ring is None:
            raise Misconfigured("SealingKeyMissing", f"{source.field}: the operator was installed without a key")
        for key, text in (source.sealed or {}).items():
            ring.open(Place(namespace, pool, f"{source.place}.{key}"), text)
        return f"{source.field} opens"

    found = _told(tried, lambda: source.sealed or {})
    if found.ok:
        return found
    if ring is None:
        return found.fixed_by("boardhand keys rotate")
    again = [
        f"boardhand seal --namespace {namespace} --pool {pool} --field {source.place}.{key}" for key in found.offers
    ]
    return found.fixed_by("; ".join(again))


def _told(work: Callable[[], str], keys: Callable[[], Mapping[str, str]]) -> Trial:
    try:
        return Trial(True, work(), offers=tuple(keys()))
    except Misconfigured as wrong:
        return wrong_of(wrong.reason, wrong.message, tuple(keys()))


def create(namespace: str, name: str, keys: Sequence[str]) -> str:
    """The command that makes a Secret.

    Values come from files: the shell's history and the list of processes show none.
    """
    given = " ".join(f"--from-file={key}=FILE" for key in keys)
    return f"kubectl -n {namespace} create secret generic {name} {given}".rstrip()


def add(namespace: str, name: str, keys: Sequence[str]) -> str:
    """The command that puts these keys into a Secret; others of it stay."""
    return f"{create(namespace, name, keys)} --dry-run=client -o yaml | kubectl apply -f -"
