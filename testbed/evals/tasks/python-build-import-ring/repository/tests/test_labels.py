import pytest

from labels import Printer, lay_out

ADDRESS = "Ms Ada Example\n17 Extraordinarily Long Harbour Street\n12345 Town\n"


def test_long_lines_are_broken_between_words():
    assert lay_out(ADDRESS, "P1").lines == (
        "Ms Ada Example",
        "17 Extraordinarily Long",
        "Harbour Street",
        "12345 Town",
    )


def test_a_word_longer_than_a_line_is_cut():
    assert lay_out("A" * 30, "P1").lines == ("", "A" * 24)


def test_a_label_is_cut_off():
    printer = Printer()
    printer.put(lay_out("Bob", "P-1"))
    assert printer.sent == ["T00:Bob" + " " * 21, "B:*P-1J*", "CUT"]


def test_too_many_lines_are_refused():
    with pytest.raises(ValueError, match="room for 6"):
        Printer().put(lay_out("\n".join("abcdefg"), "P1"))
