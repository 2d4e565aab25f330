"""`python -m boardhand_operator`: the operator, with its settings from the environment."""

from __future__ import annotations

import logging
import os
import sys

from boardhand_operator.app import App
from boardhand_operator.handlers import run
from boardhand_operator.log.lines import set_up_from
from boardhand_operator.redacting import Redactor, install
from boardhand_operator.settings import Settings


def main() -> int:
    """Run until a signal; 2 where the settings are wrong, 3 where the Lease was lost, or the work ended of itself."""
    redactor = Redactor()
    try:
        set_up_from(os.environ)
        install(redactor)
        settings = Settings.from_environment()
    except ValueError as wrong:
        logging.getLogger("boardhand_operator").critical("%s", wrong)
        return 2
    return 0 if run(App(settings, redactor)) else 3


if __name__ == "__main__":
    sys.exit(main())
