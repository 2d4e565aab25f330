"""Reports over time: what a namespace's runs came to."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from boardhand_dashboard.pages.history import asked_for, day_of, history_of, said_of
from boardhand_dashboard.templating import page
from boardhand_dashboard.views.charts import Bar, Chart
from boardhand_dashboard.visitor import signed_in
from boardhand_dashboard.words import duration, money, share
from boardhand_history.reports import Figures, Grain, Report

SPANS = {Grain.DAY: timedelta(days=13), Grain.WEEK: timedelta(weeks=11), Grain.MONTH: timedelta(days=340)}
"""How long before its last day a report begins, where it is not said."""


async def show(request: Request) -> Response:
    """GET /ns/{namespace}/reports. by: day, week or month; since, until: days; pool: this one's alone."""
    namespace = request.path_params["namespace"]
    grain, pool = _grain(request), said_of(request, "pool")
    until = day_of(request, "until") or datetime.now(UTC).date()
    since = day_of(request, "since") or _since(until, grain)
    if since > until:
        raise HTTPException(400, "Give since as a day that is not after until.")
    history = await history_of(request, namespace)
    report = await history.report([namespace], grain, since, until, pool)
    return page(
        request,
        "report.html",
        namespace=namespace,
        report=report,
        charts=charts_of(report),
        outcomes=sorted(report.total.outcomes, key=lambda name: (name != "Succeeded", name)),
        grains=list(Grain),
        pools=await history.pools([namespace]),
        pool=pool,
        since=since,
        until=until,
        asked=asked_for(request),
    )


def _since(until: date, grain: Grain) -> date:
    span = SPANS[grain]
    return until - span if until - date.min > span else date.min


def _grain(request: Request) -> Grain:
    said = request.query_params.get("by", Grain.WEEK.value)
    try:
        return Grain(said)
    except ValueError:
        raise HTTPException(400, f"A report is by {', '.join(Grain)}.") from None


def charts_of(report: Report) -> list[Chart]:
    """The report's figures over time; each is a column of the table beside them, too."""
    return [
        _chart(report, "Runs that succeeded, of all", lambda one: (one.outcomes["Succeeded"], one.runs), _whole),
        _chart(report, "Pull requests opened", lambda one: (one.opened, None), _whole),
        _chart(report, "Pull requests merged", lambda one: (one.merged, None), _whole),
        _chart(report, "Merged without rework", lambda one: (one.clean_share, None), share),
        _chart(report, "Money a merged pull request", lambda one: (_float(one.money_merged), None), money),
        _chart(report, "Card to pull request, median", lambda one: (one.wait(0.5), None), duration),
    ]


def _chart(
    report: Report,
    title: str,
    of: Callable[[Figures], tuple[float | None, float | None]],
    said: Callable[[float | None], str],
) -> Chart:
    bars = []
    for period in report.periods:
        value, whole = of(period.figures)
        words = said(value) if whole is None else f"{said(value)} of {said(whole)}"
        bars.append(Bar(period.begin.isoformat(), value or 0.0, whole or 0.0, words))
    return Chart(title, tuple(bars))


def _whole(value: float | None) -> str:
    return f"{value or 0:,.0f}"


def _float(value: object) -> float | None:
    return None if value is None else float(str(value))


routes = [Route("/ns/{namespace}/reports", signed_in(show))]
