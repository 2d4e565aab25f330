"""How a raid is carried out, stage by stage.

Checkout, agent and publish are the product's own in this process; workbench and verify run in cells, which see what
their containers see. All of it is gone afterwards.
"""

from __future__ import annotations

import os
import re
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from boardhand_api.order import Order
from boardhand_api.pod import Stage
from boardhand_api.pool import CodingAgentSpec
from boardhand_api.result import Published, Result
from boardhand_runner import agent
from boardhand_runner.errors import RunnerError
from boardhand_runner.local.ground import lay_out
from boardhand_runner.local.stages import AGENT_LOG, prove
from boardhand_runner.settings import Settings
from boardhand_runner.stages import checkout, publish
from boardhand_runner.stages.commands import with_commands
from testbed.evals import kubelet, leftovers, scenes
from testbed.evals.controls import DONE, script
from testbed.evals.model import standin
from testbed.evals.run import KEEP, LIMITS, PASSES, PROOF_LOG, Job, order_of, remove
from testbed.model.scripts import Step, ToolCall
from testbed.redteam import cell
from testbed.redteam.attack import Outcome
from testbed.redteam.raid import GIT_TOKEN, MODEL_KEY, Field, Raid
from testbed.shell import wait_for

PREFIX = "boardhand-raid-"
REMOVE_SECONDS = 20
_THIEF = '#!/bin/sh\nfor file in @SECRETS@/*/*; do cat "$file" >>@LOOT@/got 2>/dev/null; done\nexec timeout 2 cat\n'


def outcome(raid: Raid) -> Outcome:
    """Carry it out."""
    with carried_out(raid) as seen:
        return Outcome(raid.reached(seen), _said(raid, seen))


def _said(raid: Raid, seen: Field) -> str:
    said = " ".join(raid.said(seen).split())
    if not raid.tells:
        return said
    told = re.search(raid.tells, "\n".join(seen.answers))
    return f"{said}; the model was told: {' '.join(told[0].split())[:160]}" if told else ""


@contextmanager
def carried_out(raid: Raid) -> Iterator[Field]:
    """The raid's stages, one after the other; all of it is gone afterwards."""
    known, root = leftovers.children(), Path(tempfile.mkdtemp(prefix=PREFIX))
    try:
        settings = lay_out(root / "run")
        loot = root / "loot"
        loot.mkdir()
        places = {"@LOOT@": str(loot), "@ROOT@": str(settings.root), "@SECRETS@": str(settings.secrets)}
        (loot / "thief").write_text(_filled(_THIEF, places))
        (loot / "thief").chmod(0o755)
        raid = replace(raid, verify=_filled(raid.verify, places))
        seen = Field(settings, loot, _ordered(raid, settings, root / "source", places))
        _play(raid, places)
        _stages(raid, seen, known)
        yield seen
    finally:
        leftovers.end(known)
        if not os.environ.get(KEEP):
            wait_for(f"{root} to be gone", lambda: _gone(root), REMOVE_SECONDS)


def _gone(root: Path) -> bool:
    """A cell that was about to begin when it was ended may still have made a folder."""
    with suppress(OSError):
        remove(root)
    return not root.exists()


def _ordered(raid: Raid, settings: Settings, source: Path, places: Mapping[str, str]) -> Order:
    files = {name: _filled(text, places) if isinstance(text, str) else text for name, text in raid.files.items()}
    scenes.lay(scenes.Scene("raid", (), files, raid.links), source)
    raid.source(source)
    limits = LIMITS.model_copy(update={"command_timeout_seconds": raid.seconds})
    order = order_of(settings, Job(source, raid.ticket, (raid.verify,), standin().model, limits=limits, key=MODEL_KEY))
    settings.git_secret.mkdir(parents=True)
    (settings.git_secret / "username").write_text("bot")
    (settings.git_secret / "token").write_text(GIT_TOKEN)
    return order.model_copy(update=dict(raid.given))


def _play(raid: Raid, places: Mapping[str, str]) -> None:
    steps = [Step(calls=(ToolCall(name=one.name, arguments=_all(one.arguments, places)),)) for one in raid.does]
    played = script([*steps, DONE], "coder", "raid")
    texts = played.answers["PullRequestText"] | {name: _filled(text, places) for name, text in raid.texts.items()}
    standin().play(played.model_copy(update={"answers": played.answers | {"PullRequestText": texts}}))


def _stages(raid: Raid, seen: Field, known: set[int]) -> None:
    settings, pool = seen.settings, cell.pool(**raid.pool)
    try:
        checkout.main(settings, seen.order)
    except RunnerError as error:
        seen.result = Result(failure=error.refusal())
        return
    seen.order = with_commands(settings, seen.order)
    raid.before(settings)
    log = settings.root / AGENT_LOG
    with _bench(settings, pool), log.open("w", encoding="utf-8") as out:
        seen.result = agent.main(settings, seen.order, out, raid.surround(settings))
        # The sidecar is still there while publish runs, as in the pod.
        seen.seen = raid.meanwhile(settings)
        seen.order = seen.order.model_copy(update=dict(raid.ordered))
        if seen.result.commit is not None and (seen.result.failure is None or seen.result.partial):
            _publish(seen, pool)
    seen.answers, seen.asked = standin().answers, standin().asked
    leftovers.end(known)


def _publish(seen: Field, pool: CodingAgentSpec) -> None:
    try:
        seen.published = publish.main(seen.settings, seen.order)
    except RunnerError as error:
        seen.published = Published(failure=error.refusal())
        return
    with (seen.settings.root / PROOF_LOG).open("wb") as log:
        seen.verify = prove(seen.settings, seen.order, PASSES, log, cell.inside(seen.settings, Stage.VERIFY, pool))


@contextmanager
def _bench(settings: Settings, pool: CodingAgentSpec) -> Iterator[None]:
    sidecar = kubelet.Sidecar(settings, cell.inside(settings, Stage.WORKBENCH, pool))
    try:
        yield
    finally:
        sidecar.stop()


def _all(arguments: Mapping[str, Any], places: Mapping[str, str]) -> dict[str, Any]:
    return {name: _filled(value, places) if isinstance(value, str) else value for name, value in arguments.items()}


def _filled(text: str, places: Mapping[str, str]) -> str:
    for name, place in places.items():
        text = text.replace(name, place)
    return text
