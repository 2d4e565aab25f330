"""`boardhand seal`: a credential as text that may lie in Git."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from boardhand_api.sealed import VALUE_BYTES
from boardhand_cli import session
from boardhand_cli.cluster import Where
from boardhand_cli.problems import Exit, Problem
from boardhand_cli.questions import typed
from boardhand_cli.session import NAMESPACE, SECRET, Context, KeyFile, Kubeconfig, OperatorNamespace, Secret
from boardhand_cli.texts import Field, resealed, texts_of_file
from boardhand_operator.sealed.keyring import Place, Unusable


def seal(
    values: Annotated[list[str] | None, typer.Argument(hidden=True, metavar="")] = None,
    namespace: Annotated[str | None, typer.Option(help="Namespace of the pool.")] = None,
    pool: Annotated[str | None, typer.Option(help="Name of the pool.")] = None,
    field: Annotated[str | None, typer.Option(help="PLACE.KEY, such as board.token.")] = None,
    reseal: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Seal the texts of a YAML file anew with the newest key.")
    ] = None,
    key_file: KeyFile = None,
    kubeconfig: Kubeconfig = None,
    context: Context = None,
    operator_namespace: OperatorNamespace = NAMESPACE,
    secret: Secret = SECRET,
) -> None:
    """Seal a credential for one field of one pool.

    The value is read from standard input, at a terminal without echo; the field's YAML is printed. It opens only in
    this namespace, pool and field.
    """
    if values:
        raise Problem(
            Exit.USAGE,
            "a value is never given on the command line, where the shell's history and the list of processes show it: "
            "give it on standard input, and replace the one that was just shown",
        )
    where = Where(kubeconfig, context, operator_namespace, secret)
    if reseal:
        _reseal(reseal, namespace, key_file, where)
        return
    if not (namespace and pool and field):
        raise Problem(Exit.USAGE, "--namespace, --pool and --field are required, or --reseal FILE")
    wanted = Field.parse(field)
    ring = session.ring_of(key_file, where)
    try:
        text = ring.seal(Place(namespace, pool, f"{wanted.place}.{wanted.key}"), _value())
    except Unusable as wrong:
        raise Problem(Exit.INPUT, str(wrong)) from None
    sys.stdout.write(wanted.yaml(text))


def _value() -> str:
    """From standard input; a line break behind a single line is not part of it."""
    text = _asked() if sys.stdin.isatty() else _piped()
    session.redactor.know_own({"value": text})
    line = text.removesuffix("\n").removesuffix("\r")
    return line if "\n" not in line else text


def _asked() -> str:
    return typed("Value (one line, not shown): ")


def _piped() -> str:
    found = sys.stdin.buffer.read(VALUE_BYTES + 2)
    if len(found) == VALUE_BYTES + 2:
        raise Problem(Exit.INPUT, f"a value has 1 to {VALUE_BYTES} bytes, and this one more")
    try:
        return found.decode()
    except UnicodeDecodeError:
        raise Problem(Exit.INPUT, "the value is no text (UTF-8)") from None


def _reseal(file: Path, namespace: str | None, key_file: Path | None, where: Where) -> None:
    try:
        content = file.read_bytes().decode()
    except (OSError, UnicodeDecodeError) as wrong:
        raise Problem(Exit.INPUT, f"{file} cannot be read: {type(wrong).__name__}") from None
    found = texts_of_file(content, namespace)
    ring = session.ring_of(key_file, where)
    new, count = resealed(content, found, ring)
    if count:
        _replace(file, new)
    session.console().print(f"{file}: {count} of {len(found)} texts sealed anew with key {ring.ids[0]}")


def _replace(file: Path, content: str) -> None:
    """Whole or not at all, with the mode it had."""
    name = ""
    try:
        handle, name = tempfile.mkstemp(dir=file.resolve().parent, prefix=".boardhand.")
        with os.fdopen(handle, "wb") as stream:
            stream.write(content.encode())
        Path(name).chmod(file.stat().st_mode)
        Path(name).replace(file.resolve())
    except OSError as wrong:
        if name:
            Path(name).unlink(missing_ok=True)
        raise Problem(Exit.INPUT, f"{file} cannot be written: {type(wrong).__name__}") from None
