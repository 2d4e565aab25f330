import pytest

from labels.barcode import bars


def test_the_check_character():
    assert bars("code 39") == "*CODE 39R*"


def test_other_characters_are_named():
    with pytest.raises(ValueError, match="no Ü"):
        bars("TÜR")
