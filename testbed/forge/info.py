"""What there is to know of a running forge."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from testbed.plan import Plan

ORGANISATION = "demo"
ADMIN = "boardhand-admin"
BOT = "boardhand-bot"


@dataclass(frozen=True)
class ForgeInfo:
    """Address, accounts and tokens. `base_url` has no slash at its end.

    `api_token`, `read_token` and `push_token` are the bot's, each with no more than its use needs; the
    administrator's are for the testbed itself and for a person who wants to sign in.
    """

    base_url: str
    admin_password: str
    admin_token: str
    api_token: str
    read_token: str
    push_token: str
    organisation: str = ORGANISATION
    admin_user: str = ADMIN
    bot_user: str = BOT


def home(plan: Plan) -> Path:
    """The folder of a testbed's forge: program, configuration, data, log."""
    return plan.service_state / "forge"


def load(plan: Plan) -> ForgeInfo | None:
    """The forge as `up` noted it; None if it was never brought up, or taken down since."""
    try:
        return ForgeInfo(**json.loads(_note(plan).read_text()))
    except FileNotFoundError:
        return None


def save(plan: Plan, info: ForgeInfo) -> None:
    """Note the forge for `load`, readable by its owner alone."""
    note = _note(plan)
    partial = note.with_suffix(".partial")
    partial.touch(mode=0o600)
    partial.write_text(json.dumps(asdict(info), indent=2))
    partial.rename(note)


def _note(plan: Plan) -> Path:
    return home(plan) / "forge.json"
