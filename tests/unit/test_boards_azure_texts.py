"""Text as Azure DevOps stores it, in both directions."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from boardhand_operator.boards.azure.hooks import proof, signed
from boardhand_operator.boards.azure.texts import read, to_html, to_markdown
from boardhand_operator.boards.markers import claim_text, closing_text, find_claims, find_closing
from tests.contract.markup import plain
from tests.support.azure_said import said

names = st.text(st.characters(blacklist_categories=["Cs"]), max_size=20)
words = st.text(st.characters(whitelist_categories=["L", "N"], whitelist_characters=" .,<>&*_`#-[]()\n"), max_size=200)


@given(names, names, names, names)
def test_a_claim_is_found_again_in_html(run: str, uid: str, event: str, pool: str) -> None:
    stored = to_html(claim_text(run, uid, event, pool, uid))
    (found,) = find_claims([said(read(stored, "html"))])
    assert (found.run, found.uid, found.event) == (run, uid, event)


@given(words, names)
def test_a_closing_comment_is_found_again_in_html(body: str, uid: str) -> None:
    stored = to_html(closing_text("All done.\n\n" + body.replace("`", ""), uid))
    assert find_closing([said(read(stored, "html"))], uid) == "7"


@given(words)
def test_what_looks_like_html_stays_text(text: str) -> None:
    stored = to_html(f"<script>alert(1)</script> {text}")
    assert "<script" not in stored


@pytest.mark.parametrize(
    ("html", "markdown"),
    [
        ("<div>one</div><div>two</div>", "one\n\ntwo"),
        ("<ul><li>a<ul><li>b</li></ul></li></ul>", "- a\n  - b"),
        ('<p>See <a href="https://x.example/?a=1&amp;b=2">here</a>.</p>', "See [here](https://x.example/?a=1&b=2)."),
        ("<h1>Title</h1><p>text</p>", "# Title\n\ntext"),
        (
            '<pre><code class="language-python">if a &lt; b:\n    pass\n</code></pre>',
            "```python\nif a < b:\n    pass\n```",
        ),
        ("<div><b>bold</b> and <i>slanted</i></div>", "**bold** and *slanted*"),
        ("<table><tr><th>a</th></tr><tr><td>1</td></tr></table>", "| a |\n| --- |\n| 1 |"),
    ],
)
def test_html_of_the_editor_is_markdown(html: str, markdown: str) -> None:
    assert plain(to_markdown(html)) == plain(markdown)


@pytest.mark.parametrize(
    ("form", "text"), [("markdown", "a <b>c</b>"), (0, "a <b>c</b>"), ("html", "a **c**"), (1, "a **c**")]
)
def test_the_format_is_a_name_or_a_number(form: str | int, text: str) -> None:
    assert read("a <b>c</b>", form) == text


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.isascii()), st.text(max_size=40))
def test_only_the_password_is_a_proof(secret: str, given_: str) -> None:
    assert signed(secret, proof(secret))
    assert signed(secret, given_) is (given_ == proof(secret))
