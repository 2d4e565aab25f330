"""One visitor at one form, and the page that they are shown."""

from __future__ import annotations

from dataclasses import dataclass

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from boardhand_client.trials import Trial
from boardhand_dashboard.form.applying import Opened
from boardhand_dashboard.form.differences import Line
from boardhand_dashboard.form.fields import Section
from boardhand_dashboard.form.filling import Filled
from boardhand_dashboard.form.keys import Sealing, keeping
from boardhand_dashboard.form.problems import Problem
from boardhand_dashboard.form.view import told, view
from boardhand_dashboard.templating import page
from boardhand_dashboard.visitor import Visitor, visitor_of
from boardhand_operator.kube import Json, Resource


@dataclass(frozen=True)
class Desk:
    """Who, and about which pool."""

    request: Request
    visitor: Visitor
    namespace: str
    name: str | None
    """Of a pool that is there; None: a new one."""
    may: bool
    """Whether they may make, or change, it."""
    keeping: str
    """What becomes of credentials that they type."""

    @classmethod
    async def of(cls, request: Request) -> Desk:
        """Raises SessionError."""
        visitor, namespace = visitor_of(request), request.path_params["namespace"]
        name = request.path_params.get("name")
        verb, of = ("create", "") if name is None else ("update", name)
        may = await visitor.rights.may(verb, Resource.POOLS, namespace, of)
        return cls(request, visitor, namespace, name, may, await keeping(visitor.rights, _sealing(request), namespace))

    @property
    def sealing(self) -> Sealing:
        """Where the keys are."""
        return _sealing(self.request)

    @property
    def partly(self) -> bool:
        """Whether htmx asks, and takes of the page what changed."""
        return self.request.headers.get("hx-request") == "true"

    async def pool(self) -> Json | None:
        """The pool that is changed; None for a new one. Raises HTTPException (404), SessionError."""
        if self.name is None:
            return None
        found = await self.visitor.session.get(Resource.POOLS, self.namespace, self.name)
        if found is None:
            raise HTTPException(404, f"There is no pool {self.name} in namespace {self.namespace}.")
        return found

    def refuse(self) -> None:
        """Raises HTTPException (403) where they may not write it."""
        if not self.may:
            verb = "make" if self.name is None else "change"
            right = "create" if self.name is None else "update"
            said = f"You may not {verb} pools in namespace {self.namespace} ({right} codingagents)."
            raise HTTPException(403, said)


def _sealing(request: Request) -> Sealing:
    return Sealing(*request.app.state.settings.sealing)


@dataclass(frozen=True)
class Result:
    """What the page says of what was posted."""

    problems: tuple[Problem, ...] = ()
    looked: bool = False
    """Whether there is YAML and a difference to look at."""
    yaml: str = ""
    difference: tuple[Line, ...] = ()
    commands: tuple[str, ...] = ()
    """What makes the Secrets that the YAML names."""
    notes: tuple[str, ...] = ()
    changed: bool = False
    """Whether somebody else changed the pool meanwhile."""
    tried: tuple[Section, list[Trial]] | None = None

    @property
    def status(self) -> int:
        return 409 if self.changed else 422 if self.problems else 200


def show(desk: Desk, name: str, filled: Filled, opened: Opened | None, result: Result) -> Response:
    """The whole form. htmx takes no page whose status is an error, so to it all is well."""
    shown = view(name, filled, filled.spec()[0], result.problems)
    section, found = result.tried or (None, [])
    return page(
        desk.request,
        "form.html",
        status=200 if desk.partly else result.status,
        namespace=desk.namespace,
        pool=desk.name,
        may=desk.may,
        keeping=desk.keeping,
        form=shown,
        opened=opened,
        result=result,
        tried=section.id if section else "",
        trials=told(section, found) if section else [],
    )
