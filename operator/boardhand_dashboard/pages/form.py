"""The form that makes a pool, or changes one."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from boardhand_client.trials import LOOPBACK, Trial
from boardhand_dashboard.form import desk as forms
from boardhand_dashboard.form import trying
from boardhand_dashboard.form.applying import Opened
from boardhand_dashboard.form.desk import Desk, Result
from boardhand_dashboard.form.fields import Section, section_of
from boardhand_dashboard.form.filling import Filled
from boardhand_dashboard.form.posted import Posted
from boardhand_dashboard.form.quiet import Quiet
from boardhand_dashboard.form.trying import Tried, Tries
from boardhand_dashboard.form.view import told
from boardhand_dashboard.form.work import Work
from boardhand_dashboard.settings import Auth, Settings
from boardhand_dashboard.templating import page
from boardhand_dashboard.visitor import signed_in

_WISHES = ("look", "apply", "yaml")


def tries_of(settings: Settings) -> Tries:
    """How trials reach out: from a laptop to its own servers too, from a cluster never to the dashboard's own pod."""
    closed = () if settings.auth is Auth.LAPTOP else LOOPBACK
    return Tries(Quiet(certificates=settings.certificates, closed=closed))


async def show(request: Request) -> Response:
    """GET: empty, or with the pool in it."""
    desk = await Desk.of(request)
    pool = await desk.pool()
    if pool is None:
        desk.refuse()
    filled = Filled.of(pool["spec"] if pool else {})
    return forms.show(desk, desk.name or "", filled, Opened.of(pool) if pool else None, Result())


async def take(request: Request) -> Response:
    """POST: looked at, tried, applied or given as YAML, as its button says."""
    desk = await Desk.of(request)
    posted = Posted.of(await _texts(request), desk.name)
    pool = await desk.pool()
    if section := section_of(posted.wish.removeprefix("try:")):
        found = await _tried(desk, posted, section)
        return forms.show(desk, posted.name, posted.filled, posted.opened, Result(tried=(section, found)))
    if posted.wish not in _WISHES:
        raise HTTPException(400, "No button of this form says that.")
    return await (await Work.of(desk, posted, pool)).done()


async def attempt(request: Request) -> Response:
    """POST while one types: what comes of trying one section, as a part of the page."""
    section = section_of(request.path_params["section"])
    if section is None:
        raise HTTPException(404, "No section of this name is tried.")
    desk = await Desk.of(request)
    posted = Posted.of(await _texts(request), None)
    return page(request, "form_trial.html", trials=told(section, await _tried(desk, posted, section)))


async def _tried(desk: Desk, posted: Posted, section: Section) -> list[Trial]:
    """Raises HTTPException (403) for who may not write pools here, SessionError."""
    visitor, tries = desk.visitor, _tries(desk.request.app)
    if not await trying.may_try(visitor.rights, desk.namespace):
        raise HTTPException(403, f"You may neither make nor change pools in namespace {desk.namespace}.")
    async with tries.turn(visitor) as waits:
        if waits:
            return [Trial(False, f"That were many trials: the next one is in {waits:.0f} seconds.", reason="TooMany")]
        spec, _ = posted.filled.spec()
        where = Tried(visitor.session, visitor.rights, desk.sealing, tries.reach, desk.namespace, posted.name)
        return await trying.trials_of(section, spec, posted.typed, where)


def _tries(app: Starlette) -> Tries:
    tries: Tries = app.state.tries
    return tries


async def _texts(request: Request) -> dict[str, str]:
    form = await request.form()
    return {name: value for name, value in form.items() if isinstance(value, str)}


routes = [
    Route("/ns/{namespace}/pools/new", signed_in(show)),
    Route("/ns/{namespace}/pools/new", signed_in(take), methods=["POST"]),
    Route("/ns/{namespace}/pools/{name}/edit", signed_in(show)),
    Route("/ns/{namespace}/pools/{name}/edit", signed_in(take), methods=["POST"]),
    Route("/ns/{namespace}/trials/{section}", signed_in(attempt), methods=["POST"]),
]
