"""The themes of what stands around the operator: dashboard, history, notifications, command line, metrics."""

from __future__ import annotations

from collections.abc import Callable

from testbed.redteam import (
    aftercare_history,
    aftercare_log,
    aftercare_metrics,
    aftercare_notices,
    dashboard_entrance,
    dashboard_form,
    dashboard_pages,
    dashboard_rights,
)
from testbed.redteam.attack import Attack

OUTER: tuple[Callable[[], list[Attack]], ...] = (
    aftercare_history.attacks,
    aftercare_log.attacks,
    aftercare_metrics.attacks,
    aftercare_notices.attacks,
    dashboard_entrance.attacks,
    dashboard_form.attacks,
    dashboard_pages.attacks,
    dashboard_rights.attacks,
)
