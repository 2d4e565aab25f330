"""The order of a local run, as the operator would write it, from what stands on the command line."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path

import yaml
from pydantic import ValidationError

from boardhand_api.limits import Limits
from boardhand_api.model import Model, Provider
from boardhand_api.order import Order, OrderLimits
from boardhand_api.pod import BRANCH_PREFIX
from boardhand_api.run import Task
from boardhand_api.ticket import Ticket
from boardhand_runner.local.ground import Unusable
from boardhand_runner.settings import Settings

COMMAND_SECONDS = 600


def order_of(arguments: argparse.Namespace, settings: Settings, source: str, branch: str) -> Order:
    """The order that the operator would write, also left in its place. Raises Unusable."""
    ticket = ticket_of(arguments.ticket)
    named = arguments.small_model or arguments.model
    models = [
        Model(provider=Provider(arguments.provider), name=name, base_url=arguments.base_url)
        for name in (arguments.model, named)
    ]
    limits = Limits()
    order = Order(
        run=f"local-{os.getpid()}",
        task=Task(arguments.task),
        ticket=ticket,
        repository=source,
        base_branch=branch,
        branch=f"{BRANCH_PREFIX}{slug(ticket.id)}-{slug(ticket.title)}",
        large=models[0],
        small=models[1],
        workdir=arguments.workdir,
        setup=arguments.setup,
        verify=arguments.verify,
        limits=OrderLimits(
            steps=limits.steps,
            tokens=limits.tokens,
            money=arguments.money,
            deadline_seconds=limits.deadline_seconds,
            command_timeout_seconds=COMMAND_SECONDS,
            model_patience_seconds=limits.model_patience_seconds,
        ),
        require_tests=not arguments.no_tests_needed,
    )
    write_order(settings, order)
    return order


def ticket_of(file: Path) -> Ticket:
    """The ticket in a YAML file; its id is the file's name unless it has one. Raises Unusable."""
    try:
        return Ticket.model_validate({"id": file.stem} | yaml.safe_load(file.read_text("utf-8")))
    except (OSError, yaml.YAMLError, TypeError, UnicodeDecodeError) as error:
        raise Unusable(f"{file} is no YAML file with a ticket: {error}") from error
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise Unusable(f"{file}: {'.'.join(str(part) for part in first['loc'])}: {first['msg']}") from error


def slug(text: str) -> str:
    """The text as a part of a branch name."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower())[:40].strip("-") or "ticket"


def write_order(settings: Settings, order: Order) -> None:
    """Put it where the stages read it."""
    settings.order.write_text(order.model_dump_json(by_alias=True, exclude_none=True), "utf-8")
