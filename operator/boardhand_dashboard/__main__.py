"""`python -m boardhand_dashboard`: the dashboard, with its settings from the environment."""

from __future__ import annotations

import asyncio
import os
import sys

from boardhand_dashboard.app import NotBuilt, build
from boardhand_dashboard.serving import bound, serve
from boardhand_dashboard.settings import Settings
from boardhand_history.errors import HistoryError
from boardhand_operator.log.lines import set_up_from


def main() -> int:
    """Run until a signal; 2 where it cannot begin."""
    try:
        set_up_from(os.environ)
        settings = Settings.from_environment()
        app = build(settings)
        asyncio.run(serve(app, settings, bound(*settings.listen)))
    except (ValueError, HistoryError, NotBuilt, OSError) as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
