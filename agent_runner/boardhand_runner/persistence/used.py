"""What the run has used, kept with every answer: also of the answer whose node was never finished, since it is paid."""

from __future__ import annotations

from pydantic import ValidationError

from boardhand_api.base import Tolerant
from boardhand_api.result import Usage
from boardhand_runner.persistence.files import put
from boardhand_runner.settings import Settings
from boardhand_runner.usage import Ledger

FILE = "used.json"


class Used(Tolerant):
    """Of all pods of the run together; `usage.seconds` is as of the last answer."""

    usage: Usage
    steps: int


def go_on(settings: Settings, ledger: Ledger) -> None:
    """Let the ledger count on from what earlier pods used, and keep what it counts from here on."""
    if earlier := read(settings):
        ledger.go_on(earlier.usage, earlier.steps)
    ledger.keep(lambda usage, steps: keep(settings, usage, steps))


def read(settings: Settings) -> Used | None:
    """What the pods before used; None where this is the first, or nothing readable is there."""
    try:
        return Used.model_validate_json((settings.state / FILE).read_text("utf-8"))
    except (FileNotFoundError, ValidationError):
        return None


def keep(settings: Settings, usage: Usage, steps: int) -> None:
    """Put it where the next pod finds it."""
    put(settings.state / FILE, Used(usage=usage, steps=steps).model_dump_json(by_alias=True))
