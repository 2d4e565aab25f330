"""`python -m testbed.redteam.unguarded`: the operator without the guard that the environment names."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any
from unittest.mock import patch

from boardhand_operator import __main__ as program
from boardhand_operator import gathering, kube
from boardhand_operator.act import deliver
from boardhand_operator.act.doing import Doing
from boardhand_operator.cluster import policies, snapshots
from boardhand_operator.memory import store
from boardhand_operator.pools import rest
from boardhand_operator.sealed.keyring import Keyring
from boardhand_operator.texts import words

OFF = "BOARDHAND_REDTEAM_OFF"


def _same(text: str) -> str:
    return text


async def _remove_what_is_named(doing: Doing) -> None:
    await doing.kube.delete(kube.Resource.CLAIMS, doing.run.namespace, str(doing.run.status.volume))


def _yes(*_: Any) -> bool:
    return True


async def _nothing(*_: Any) -> None:
    return None


def _wherever(self: Keyring, _: object, text: str) -> str:
    """As if a text were bound to no place."""
    return str(json.loads(self._all.decrypt(text.encode()))["value"])


def _no_word(*_: Any) -> None:
    return None


Change = tuple[Any, str, Any]
GUARDS: Mapping[str, Callable[[], tuple[Change, ...]]] = {
    "owners": lambda: ((gathering, "owned_by", _yes), (store, "owned_by", _yes), (Doing, "owns", _yes)),
    "names": lambda: ((kube, "_one", _same),),
    "volumes": lambda: ((kube, "_one", _same), (deliver, "remove", _remove_what_is_named)),
    "snapshots": lambda: ((snapshots, "is_ours", _yes),),
    "taming": lambda: ((words, "tamed", _same), (words, "one_line", _same)),
    "policies": lambda: ((policies.Policies, "_ensure", _nothing),),
    "pages": lambda: ((deliver, "require_page", _no_word),),
    "places": lambda: ((Keyring, "open", _wherever),),
    "pace": lambda: ((rest, "SOONEST", 0.0),),
}
"""By name, what each guard is put in place of."""


def main() -> int:
    """Run the operator so."""
    with ExitStack() as stack:
        for target, name, value in GUARDS[os.environ[OFF]]():
            stack.enter_context(patch.object(target, name, value))
        return program.main()


if __name__ == "__main__":
    sys.exit(main())
