"""`python -m boardhand_history`: the recorder, with its settings from the environment."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from contextlib import AsyncExitStack, suppress

from sqlalchemy.ext.asyncio import AsyncEngine

from boardhand_client.errors import SessionError
from boardhand_history import schema
from boardhand_history.cluster import connected
from boardhand_history.database import close, connect
from boardhand_history.errors import HistoryError, Unreachable
from boardhand_history.recorder import Recorder
from boardhand_history.records import Records
from boardhand_history.settings import Settings
from boardhand_history.vitals import Vitals
from boardhand_operator.log.lines import set_up_from
from boardhand_operator.redacting import Redactor, install
from boardhand_operator.web import serving

_AGAIN_SECONDS = 5.0
_log = logging.getLogger("boardhand_history")


async def record(settings: Settings) -> None:
    """Bring the tables up to date and record, until cancelled. Raises WrongSchema, SessionError without credentials."""
    starting = Vitals(database="the tables are not up to date yet", cluster="", waiting=0, recorded=0)
    recorder: Recorder | None = None
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(serving(lambda: recorder.vitals() if recorder else starting, *settings.probes))
        session = await stack.enter_async_context(await connected(os.environ))
        engine = connect(settings.url)
        stack.push_async_callback(close, engine)
        await _up_to_date(engine)
        recorder = Recorder(session, Records(engine), settings)
        _log.info("recording into %s", settings.url.render_as_string(hide_password=True))
        await recorder.run()


async def _up_to_date(engine: AsyncEngine) -> None:
    while True:
        try:
            await schema.upgrade(engine)
            return
        except Unreachable as down:
            _log.warning("%s; asked again in %.0f s", down, _AGAIN_SECONDS)
            await asyncio.sleep(_AGAIN_SECONDS)


async def _until_told(settings: Settings) -> None:
    task = asyncio.ensure_future(record(settings))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, task.cancel)
    with suppress(asyncio.CancelledError):
        await task


def main() -> int:
    """Run until a signal; 2 where the settings, the tables or the credentials are wrong."""
    redactor = Redactor()
    try:
        set_up_from(os.environ)
        install(redactor)
        settings = Settings.from_environment()
        if settings.url.password:
            redactor.know_own({"password": settings.url.password})
        asyncio.run(_until_told(settings))
    except (HistoryError, SessionError, ValueError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
