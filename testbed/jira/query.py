"""The few clauses of JQL that the stand-in understands: = and in with quoted words or numbers, >= with a date, AND, OR,
brackets, and an order by key.

Source: https://support.atlassian.com/jira-software-cloud/docs/jql-fields/ .
"""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

from testbed.jira.models import Account, Issue
from testbed.jira.state import JiraState, Refused

Test = Callable[[Issue], bool]
_WORD = re.compile(r'\s*("(?:\\.|[^"\\])*"|[()]|,|>=|!=|=|[^\s(),=!>]+)')


def parsed(state: JiraState, by: Account | None, jql: str) -> Test:
    """The query as a test of an issue. Raises Refused (400) in Jira's words."""
    text, _, order = jql.partition(" ORDER BY ")
    if order and order != "key ASC":
        raise Refused(400, f"Error in the JQL Query: Not able to sort using field '{order}'.")
    reader = _Reader(state, by, _WORD.findall(text))
    test = reader.either()
    if reader.words:
        raise Refused(400, f"Error in the JQL Query: Expecting either 'OR' or 'AND' but got '{reader.words[0]}'.")
    return test


class _Reader:
    def __init__(self, state: JiraState, by: Account | None, words: list[str]) -> None:
        self.state, self.by, self.words = state, by, words

    def either(self) -> Test:
        tests = [self.both()]
        while self._is("OR"):
            self._take()
            tests.append(self.both())
        return lambda issue: any(test(issue) for test in tests)

    def both(self) -> Test:
        tests = [self.one()]
        while self._is("AND"):
            self._take()
            tests.append(self.one())
        return lambda issue: all(test(issue) for test in tests)

    def one(self) -> Test:
        if self._is("("):
            self._take()
            inner = self.either()
            self._expect(")")
            return inner
        name, sign = self._take(), self._take()
        if sign == "in":
            self._expect("(")
            values = [_bare(self._take())]
            while self._is(","):
                self._take()
                values.append(_bare(self._take()))
            self._expect(")")
        else:
            values = [_bare(self._take())]
        return self._test(name, sign, values)

    def _test(self, name: str, sign: str, values: list[str]) -> Test:
        if name == "updated" and sign == ">=":
            start = self._moment(values[0])
            return lambda issue: issue.changed >= start
        if sign not in ("=", "in"):
            raise Refused(400, f"The operator '{sign}' is not supported by the '{name}' field.")
        match name:
            case "project":
                known = {project.key for project in self.state.projects.values()} if self.by else set()
                self._see_that_there_are(name, known, values)
                return lambda issue: issue.project.key in values
            case "status":
                known = {one.id for project in self.state.projects.values() for one in project.statuses}
                self._see_that_there_are(name, known, values)
                return lambda issue: issue.status.id in values
            case "id":
                return lambda issue: issue.id in values
            case "labels":
                return lambda issue: any(value in issue.labels for value in values)
            case "priority":
                return lambda issue: issue.priority in values
        raise Refused(400, f"Field '{name}' does not exist or you do not have permission to view it.")

    def _see_that_there_are(self, name: str, known: set[str], values: list[str]) -> None:
        for value in values:
            if value not in known:
                raise Refused(400, f"The value '{value}' does not exist for the field '{name}'.")

    def _moment(self, text: str) -> float:
        """In the time zone of who asks."""
        try:
            there = datetime.strptime(text, "%Y-%m-%d %H:%M")
        except ValueError as wrong:
            raise Refused(400, f"Date value '{text}' for field 'updated' is invalid.") from wrong
        return there.replace(tzinfo=ZoneInfo(self.by.zone if self.by else "UTC")).timestamp()

    def _is(self, word: str) -> bool:
        return bool(self.words) and self.words[0] == word

    def _take(self) -> str:
        if not self.words:
            raise Refused(400, "Error in the JQL Query: Unexpected end of the query.")
        return self.words.pop(0)

    def _expect(self, word: str) -> None:
        taken = self._take()
        if taken != word:
            raise Refused(400, f"Error in the JQL Query: Expecting '{word}' but got '{taken}'.")


def _bare(word: str) -> str:
    return re.sub(r"\\(.)", r"\1", word[1:-1]) if word.startswith('"') else word
