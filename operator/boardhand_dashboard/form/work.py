"""What is done with a form that was posted: looked at, given as YAML, applied."""

from __future__ import annotations

from dataclasses import dataclass, field

from starlette.responses import RedirectResponse, Response

from boardhand_dashboard.form import credentials, keys, problems, yamls
from boardhand_dashboard.form.applying import Opened, Outcome, apply, check, pool_body
from boardhand_dashboard.form.desk import Desk, Result, show
from boardhand_dashboard.form.differences import between
from boardhand_dashboard.form.filling import Filled
from boardhand_dashboard.form.keys import Keys
from boardhand_dashboard.form.posted import Posted, name_problem
from boardhand_dashboard.form.problems import Problem
from boardhand_operator.kube import Json


@dataclass(frozen=True)
class Work:
    """A posted form, read."""

    desk: Desk
    posted: Posted
    pool: Json | None
    """As it is there; None: a new one."""
    held: Keys = field(repr=False)
    kept: credentials.Kept = field(repr=False)
    wrong: tuple[Problem, ...]
    """What is wrong before anybody else is asked."""
    readable: bool
    """Whether every text of it is a value."""

    @classmethod
    async def of(cls, desk: Desk, posted: Posted, pool: Json | None) -> Work:
        """Raises SessionError."""
        visitor, namespace, name = desk.visitor, desk.namespace, posted.name
        held = await keys.keys_of(visitor.session, visitor.rights, desk.sealing, namespace)
        spec, unread = posted.filled.spec()
        kept = credentials.kept(spec, posted.typed, held.ring, namespace, name)
        wrong = [*unread, *(name_problem(name) if desk.name is None else ()), *kept.problems]
        wrong += problems.of_validation(kept.spec)
        if not wrong:
            wrong = keys.elsewhere(held.ring, namespace, name, kept.spec)
        return cls(desk, posted, pool, held, kept, tuple(wrong), not unread)

    @property
    def body(self) -> Json:
        """The pool as it is wanted."""
        return pool_body(self.desk.namespace, self.posted.name, self.kept.spec)

    async def done(self) -> Response:
        """Carried out, where nothing is wrong. Raises SessionError, HTTPException (403)."""
        if self.wrong:
            return self._page(Result(self.wrong))
        if self.posted.wish == "yaml":
            return self._download()
        if self.posted.wish == "apply":
            return await self._apply()
        looks = self.desk.may
        return self._look(await check(self.desk.visitor.session, self.body, self.posted.opened) if looks else Outcome())

    def _download(self) -> Response:
        comments = "".join(f"# {line}\n" for line in self._commands())
        headers = {"Content-Disposition": f'attachment; filename="{self.posted.name}.yaml"'}
        return Response(comments + yamls.dump(self.body), media_type="application/yaml", headers=headers)

    async def _apply(self) -> Response:
        desk, visitor = self.desk, self.desk.visitor
        desk.refuse()
        unkept = await keys.unwritable(visitor.rights, desk.namespace, self.kept.wanted, self.held)
        if unkept:
            return self._look(Outcome(tuple(unkept)))
        outcome = await apply(visitor.session, self.body, self.posted.opened, self.kept.wanted)
        if not outcome.done:
            return self._look(outcome)
        where = f"/ns/{desk.namespace}/pools/{self.posted.name}"
        return (
            Response(status_code=204, headers={"HX-Redirect": where}) if desk.partly else RedirectResponse(where, 303)
        )

    def _look(self, outcome: Outcome) -> Response:
        now = outcome.changed or self.pool
        notes = outcome.notes
        if self.kept.wanted and not self.held.keeps:
            notes += (f"What you typed cannot be kept for you: {self.held.why}.",)
        result = Result(
            problems=outcome.problems,
            looked=True,
            yaml=yamls.dump(self.body),
            difference=tuple(between(now["spec"] if now else {}, self.kept.spec)),
            commands=self._commands(),
            notes=notes,
            changed=outcome.changed is not None,
        )
        return self._page(result, Opened.of(outcome.changed) if outcome.changed else None)

    def _commands(self) -> tuple[str, ...]:
        return tuple(one.command(self.desk.namespace) for one in self.kept.wanted)

    def _page(self, result: Result, now: Opened | None = None) -> Response:
        """With what was typed, sealed where it can be: then it need not be typed again."""
        named = self.desk.name is not None or not name_problem(self.posted.name)
        seals = self.held.ring is not None and bool(self.posted.typed)
        filled = Filled.of(self._sealed()) if named and seals and self.readable else self.posted.filled
        return show(self.desk, self.posted.name, filled, now or self.posted.opened, result)

    def _sealed(self) -> Json:
        """The spec without the Secrets that were not made yet."""
        given = [one for one in self.posted.typed if one.at not in {wanted.at for wanted in self.kept.wanted}]
        spec, _ = self.posted.filled.spec()
        return credentials.kept(spec, given, self.held.ring, self.desk.namespace, self.posted.name).spec
