"""Pages from templates: everything is escaped, and a name that is not given is an error."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response
from starlette.templating import Jinja2Templates

from boardhand_dashboard import words
from boardhand_dashboard.visitor import CSRF_FIELD, Visitor

_FOLDER = Path(__file__).with_name("templates")
environment = Environment(
    loader=FileSystemLoader(_FOLDER),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    auto_reload=False,
)
environment.filters |= words.FILTERS
_templates = Jinja2Templates(env=environment)


def compile_all() -> None:
    """Read all templates, so that nobody waits for it and one that is wrong is told at the start. Raises
    jinja2.TemplateSyntaxError."""
    for name in environment.list_templates():
        environment.get_template(name)


def page(request: Request, template: str, *, status: int = 200, **given: Any) -> Response:
    """A page, or a part of one. Beside what is given a template knows:

    visitor: who looks, or None; csrf(): the hidden field that every form with method post needs; csrf_token: its value;
    settings; request; namespace: the one of the address, or empty.
    """
    visitor = getattr(request.state, "visitor", None)
    token = visitor.csrf if isinstance(visitor, Visitor) else ""
    known = {"visitor": visitor, "csrf": lambda: _field(token), "csrf_token": token}
    known |= {"settings": request.app.state.settings, "namespace": request.path_params.get("namespace", "")}
    return _templates.TemplateResponse(request, template, known | given, status_code=status)


def part(template: str, **given: Any) -> str:
    """A part of a page as text, such as for a live update. It has no visitor: it is for all who may see it."""
    return environment.get_template(template).render(**given)


def _field(token: str) -> Markup:
    return Markup('<input type="hidden" name="{}" value="{}">').format(CSRF_FIELD, token)
