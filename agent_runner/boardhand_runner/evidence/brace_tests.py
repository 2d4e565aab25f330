"""The tests of Java, JavaScript, Go, Rust and C++, by the forms their frameworks give them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Set
from dataclasses import replace
from itertools import islice

from boardhand_runner.evidence.change import TestCase
from boardhand_runner.evidence.tokens import block_end, masked

CASES = 2000
"""More tests of one file than this are not looked at."""
BODY_CHARACTERS = 2_000_000
"""Nor are those after so much text, which no file has whose blocks come to an end."""


def find(path: str, text: str, language: str) -> Iterator[TestCase]:
    """In order."""
    code = masked(text, language)
    helpers, left = _asserting(code, language), BODY_CHARACTERS
    for case in islice(_FINDERS[language](path, text, code), CASES):
        left -= len(case.body)
        if left < 0:
            return
        yield _told(case, language, helpers)


_ARGUMENTS = r"\((?:[^()]|\((?:[^()]|\([^()]*\))*\))*\)"
_JAVA = re.compile(
    rf"@(Test|ParameterizedTest|RepeatedTest|TestFactory|TestTemplate|Property)\b(?:\s*{_ARGUMENTS})?"
    rf"(?:\s*@[\w.]+(?:\s*{_ARGUMENTS})?)*[^;{{}}()@=]*?(\w+|`[^`\n]*`)\s*\(|\bpublic void (test\w*)\s*\("
)
_JS = re.compile(r"(?<![\w.$])(xit|xtest|it|test|specify)((?:\.\w+)*)\s*(?=\()")
_GO = re.compile(r"^[ \t]*func ((?:Test|Fuzz|Example)\w*)\(", re.MULTILINE)
_RUST = re.compile(
    r"#\[(?:\w+::)*(?:test|rstest|test_case|quickcheck|proptest)\b[^\]]{0,500}\](?:\s*#\[[^\]]{0,500}\]){0,8}"
    r"[^;{}#]{0,200}?\bfn\s+(\w+)"
)
_CPP = re.compile(
    r"\b(?:TEST|TEST_F|TEST_P|TYPED_TEST|TYPED_TEST_P)\s*\(\s*(\w+)\s*,\s*(\w+)\s*\)|\bBOOST_\w*TEST_CASE\s*\(\s*(\w+)"
    r"|\b(?:TEST_CASE|SCENARIO)\s*(?=\()|\b(?:void|int|bool)\s+(test\w*)\s*\([^;{)]*\)\s*(?=\{)"
)
_QUOTED = re.compile(r"\s*(['\"`])")
_OPTIONS = re.compile(r"\s*,\s*\{[^{}]{0,500}\}")

Finder = Callable[[str, str, str], Iterator[TestCase]]


def _case(path: str, name: str, head: str, body: str) -> TestCase:
    return TestCase(path, name, f"{head}\0{body}", False, False, False)


def _after_brace(text: str, code: str, start: int) -> str:
    opened = code.find("{", start)
    return "" if opened < 0 else text[opened : block_end(code, opened)]


def _java(path: str, text: str, code: str) -> Iterator[TestCase]:
    for match in _JAVA.finditer(code):
        name = text[slice(*match.span(2 if match[2] else 3))]
        yield _case(path, name, text[_begin(code, match.start()) : match.end()], _after_brace(text, code, match.end()))


def _js(path: str, text: str, code: str) -> Iterator[TestCase]:
    for match in _JS.finditer(code):
        opened = match.end()
        if ".each" in match[2]:
            opened = code.find("(", block_end(code, opened))
        quoted = _QUOTED.match(code, opened + 1) if opened >= 0 else None
        if quoted is None:
            continue
        closed = code.find(quoted[1], quoted.end())
        name = text[quoted.end() : closed]
        # Without its name, so that a renamed test says the same; with its table of cases.
        body = text[match.start() : opened] + text[closed + 1 : block_end(code, opened)]
        options = _OPTIONS.match(code, closed + 1)
        yield _case(path, name, text[match.start() : opened] + (options[0] if options else ""), body)


def _go(path: str, text: str, code: str) -> Iterator[TestCase]:
    for match in _GO.finditer(code):
        yield _case(path, match[1], match[0], _after_brace(text, code, match.end()))


def _rust(path: str, text: str, code: str) -> Iterator[TestCase]:
    for match in _RUST.finditer(code):
        # Attributes may stand before the one that makes it a test.
        yield _case(
            path, match[1], text[_begin(code, match.start()) : match.end()], _after_brace(text, code, match.end())
        )


def _begin(code: str, at: int) -> int:
    """Where the declaration begins that `at` stands in."""
    return max(code.rfind(end, 0, at) for end in ";{}") + 1


def _cpp(path: str, text: str, code: str) -> Iterator[TestCase]:
    for match in _CPP.finditer(code):
        name = f"{match[1]}.{match[2]}" if match[1] else match[3] or match[4]
        start = match.end()
        if name is None:
            end = block_end(code, start)
            quoted = text[start:end].split('"')
            name, head, start = quoted[1] if len(quoted) > 1 else "", text[match.start() : end], end
        else:
            head = match[0]
        yield _case(path, name.replace("DISABLED_", ""), head, _after_brace(text, code, start))


_FINDERS: dict[str, Finder] = {"java": _java, "js": _js, "go": _go, "rust": _rust, "cpp": _cpp}
_SKIPPED_HEAD = {
    "java": re.compile(r"@(?:[\w.]+\.)?(?:Disabled|Ignore|Enabled(?:If|On|For))\w*|enabled\s*=\s*false"),
    "js": re.compile(r"^x|\.(?:skip|todo|fails|failing)\b|\b(?:skip|todo)['\"]?\s*:(?!\s*(?:false|undefined)\b)"),
    "go": re.compile(r"(?!)"),
    "rust": re.compile(r"#\[(?:ignore\b|cfg\((?:any\(\)|FALSE)|cfg_attr\([^\]]{0,300}\bignore\b)"),
    "cpp": re.compile(r"\bDISABLED_|\[\.|\[!(?:shouldfail|mayfail)\]|doctest::skip|disabled\(\)"),
}
_SKIPPED_BODY = {
    "java": re.compile(r"^\s*\{\s*(?:[\w.]+\.)?(?:assumeTrue\(\s*false|assumeFalse\(\s*true|abort\()"),
    "js": re.compile(r"\b(?:this|t|context|ctx)\.(?:skip|todo)\("),
    "go": re.compile(r"(?:\A\s*\{\s*|^\t)(?:t|b|f)\.Skip(?:f|Now)?\(", re.MULTILINE),
    "rust": re.compile(r"(?!)"),
    "cpp": re.compile(r"^\s*\{\s*(?:GTEST_SKIP\b|SKIP\()"),
}
_CHECK = (
    r"\b(?:[Aa]ssert|ASSERT|[Ee]xpect|EXPECT|[Cc]heck|CHECK|[Vv]erify|REQUIRE|[Rr]equire|[Ss]hould|[Ee]nsure"
    r"|BOOST_(?:CHECK|REQUIRE|TEST))\w*"
)
_ASSERTS = {
    "java": re.compile(rf"{_CHECK}\s*(?:\(|\.)|\bfail\s*\(|\bassert\b|\.andExpect\("),
    "js": re.compile(rf"{_CHECK}\s*(?:\(|\.)|\.should\b|\bt\.(?:is|deepEqual|true|false|throws|equal|same|ok|not)\b"),
    "go": re.compile(rf"\b\w+\.(?:Error|Errorf|Fatal|Fatalf|Fail|FailNow)\(|{_CHECK}\w*(?:\.\w+)?\(|\bpanic\("),
    "rust": re.compile(rf"\b(?:debug_)?assert\w*!|{_CHECK}!|{_CHECK}\(|\bpanic!|\bprop_assert\w*!|\bunreachable!"),
    "cpp": re.compile(rf"{_CHECK}\s*\("),
}
_LIKELY = re.compile(r"\b(?:[Cc]heck|[Vv]erify|[Ss]hould|[Ee]nsure|[Rr]equire)\w*\s*\(|\.(?:Error|Fatal)\(\s*err\s*\)")
"""What need not be an assertion: the code under test may have such names, and a step before may fail."""
_VAIN = re.compile(
    r"\bassert\w*!?\s*\(\s*(?:true|1|1\s*==\s*1|true\s*,\s*true)\s*\)|\bassertFalse\s*\(\s*false\s*\)"
    r"|\b(?:EXPECT|ASSERT)_TRUE\s*\(\s*(?:true|1)\s*\)|\b(?:CHECK|REQUIRE)\s*\(\s*(?:true|1)\s*\)"
    r"|\bexpect\s*\(\s*(true|1)\s*\)\.to\w+\s*\(\s*(?:true|1)?\s*\)|\bassert\.(?:ok|True)\s*\((?:t,\s*)?true\s*\)"
)
_ITSELF = re.compile(
    r"\b(?:assert(?:Equals|Same|_eq!|\.\w*[eE]qual)|(?:EXPECT|ASSERT)_EQ)\s*\(\s*(?:t,\s*)?([^\s,;][^;\n]{0,120}?)\s*,\s*\1\s*[,)]"
    r"|\bexpect\s*\(\s*([^\s;][^;\n]{0,120}?)\s*\)\s*\.to\w+\s*\(\s*\2\s*\)"
)
"""What is compared with itself; in the text as it stands, since strings tell two calls apart."""
_RETURNS = re.compile(r"^\s*\{\s*return\s*;?\s*(?:\n|\}|\w)")
_PARAMETERS = re.compile(
    r"@ParameterizedTest|\.each\b|\brstest\b|test_case|TEST_P|range\s+\w*(?:[Tt]est|[Cc]ase)|for\s*\(|\bfor\b"
)
_ASSERTING_HEAD = re.compile(r"\bexpected\s*=|\bshould_panic\b")
_DECLARED = re.compile(r"\b(?:fn|func|function|void|bool|int|static|const)\s+(?=(\w+)\b[^;{}]{0,500}\{)")
_CALLED = re.compile(r"\b(\w+)!?\s*\(")


def _told(case: TestCase, language: str, helpers: Set[str]) -> TestCase:
    """The case with what its marks and its body say."""
    head, _, body = case.body.partition("\0")
    plain = _VAIN.sub("", masked(_ITSELF.sub("", body), language))
    returns = _RETURNS.match(plain) is not None
    helped = sum(name in helpers for name in _CALLED.findall(plain))
    likely = len(_LIKELY.findall(plain)) + helped
    direct = len(_ASSERTS[language].findall(_LIKELY.sub("", plain))) + bool(_ASSERTING_HEAD.search(head))
    direct += language == "go" and case.name.startswith("Example") and "Output:" in body
    asserts = direct > 0 or helped > 0 or _ASSERTS[language].search(plain) is not None
    return replace(
        case,
        body=body,
        skipped=bool(_SKIPPED_HEAD[language].search(head) or _SKIPPED_BODY[language].search(masked(body, language))),
        asserts=asserts and not returns,
        parametrised=bool(_PARAMETERS.search(head) or _PARAMETERS.search(plain)),
        expects_failure=_ASSERTING_HEAD.search(head) is not None,
        certain=direct,
        likely=likely,
    )


def _asserting(code: str, language: str) -> Set[str]:
    """The file's functions that assert."""
    found = set()
    for match in islice(_DECLARED.finditer(code), CASES):
        if _ASSERTS[language].search(_after_brace(code, code, match.end())):
            found.add(match[1])
    return found
