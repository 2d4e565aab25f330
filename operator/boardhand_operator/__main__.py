"""`python -m boardhand_operator`: the operator, with its settings from the environment."""

from __future__ import annotations

import logging
import os
import sys

from boardhand_operator.app import App
from boardhand_operator.handlers import run
from boardhand_operator.loglines import OneLine
from boardhand_operator.redacting import Redactor, install
from boardhand_operator.settings import Settings


def main() -> int:
    """Run until a signal; 2 where the settings are wrong, 3 where the Lease was lost."""
    logging.basicConfig(level=os.environ.get("BOARDHAND_LOG_LEVEL", "INFO").upper())
    for handler in logging.getLogger().handlers:
        handler.setFormatter(OneLine("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    for chatty in ("httpx", "aiohttp.access", "kopf.activities", "kopf.objects"):
        logging.getLogger(chatty).setLevel(logging.WARNING)
    redactor = Redactor()
    install(redactor)
    try:
        settings = Settings.from_environment()
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return 0 if run(App(settings, redactor)) else 3


if __name__ == "__main__":
    sys.exit(main())
