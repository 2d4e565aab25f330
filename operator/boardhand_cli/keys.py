"""`boardhand keys`: the keys that open what is sealed, and which pools need which."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated

import typer

from boardhand_cli import session
from boardhand_cli.cluster import Where, connected
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.session import NAMESPACE, SECRET, Context, Kubeconfig, OperatorNamespace, Secret
from boardhand_cli.texts import Text
from boardhand_operator.sealed.keyring import Keyring

app = typer.Typer(no_args_is_help=True, help="The keys that open what is sealed; no key is ever printed.")
Namespaces = Annotated[
    list[str] | None,
    typer.Option("--namespace", help="Where pools are looked at, may be repeated; absent: in all namespaces."),
]


@app.command("list")
def list_keys(
    namespace: Namespaces = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator_namespace: OperatorNamespace = NAMESPACE,
    secret: Secret = SECRET,
) -> None:
    """The ids of the keys, the newest first, and the pools that have texts of each."""
    ring, texts = session.run(_looked(Where(kubeconfig, context, operator_namespace, secret), namespace or []))
    _print(ring, needed(ring, texts))


@app.command()
def rotate(
    namespace: Namespaces = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator_namespace: OperatorNamespace = NAMESPACE,
    secret: Secret = SECRET,
) -> None:
    """Add a new first key, which seals from now on; the old ones still open.

    Makes the Secret where there is none. The operator sees a new key within two minutes, without a restart.
    """
    where = Where(kubeconfig, context, operator_namespace, secret)
    ring, texts = session.run(_rotated(where, namespace or []))
    _print(ring, needed(ring, texts))
    if len(ring.keys) > 1:
        session.console().print("next: boardhand seal --reseal FILE for these pools, then boardhand keys drop ID")


@app.command()
def drop(
    key: Annotated[str, typer.Argument(metavar="ID", help="As boardhand keys list shows it.")],
    namespace: Namespaces = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator_namespace: OperatorNamespace = NAMESPACE,
    secret: Secret = SECRET,
) -> None:
    """Remove an old key; refused while a pool, or a run under way, has a text of it."""
    ring = session.run(_dropped(Where(kubeconfig, context, operator_namespace, secret), key, namespace or []))
    session.console().print(f"key {key} is gone; left: {', '.join(ring.ids)}")


def needed(ring: Keyring, texts: Sequence[Text]) -> dict[str | None, list[str]]:
    """Key id to the fields that are sealed with it, as NAMESPACE/POOL FIELD; None: with no key that is there. Pure."""
    found: dict[str | None, list[str]] = {key: [] for key in ring.ids}
    for one in texts:
        said = f"{one.place.namespace}/{one.place.pool} {one.place.field}"
        fields = found.setdefault(ring.which(one.text), [])
        if said not in fields:
            fields.append(said)
    return found


async def _looked(where: Where, namespaces: Sequence[str]) -> tuple[Keyring, list[Text]]:
    async with connected(where) as cluster:
        return session.known(await cluster.ring()), await cluster.texts(namespaces)


async def _rotated(where: Where, namespaces: Sequence[str]) -> tuple[Keyring, list[Text]]:
    async with connected(where) as cluster:
        # Read first: what cannot be listed is said before a key is added.
        texts = await cluster.texts(namespaces)
        return session.known(await cluster.rotate()), texts


async def _dropped(where: Where, key: str, namespaces: Sequence[str]) -> Keyring:
    async with connected(where) as cluster:
        ring = session.known(await cluster.ring())
        if fields := needed(ring, await cluster.texts(namespaces)).get(key):
            raise Problem(Exit.REFUSED, f"key {key} is still needed, seal these anew first: {'; '.join(fields)}")
        return await cluster.drop(key)


def _print(ring: Keyring, fields: Mapping[str | None, Sequence[str]]) -> None:
    for number, key in enumerate(ring.ids):
        typer.echo(f"{key}{'  (seals)' if number == 0 else ''}")
        for field in fields.get(key, ()):
            typer.echo(f"  {field}")
    for field in fields.get(None, ()):
        typer.echo(f"opens with none of them: {field}")
