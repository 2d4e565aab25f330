import subprocess
import sys

import pytest

from labels import Label, Printer, lay_out


@pytest.mark.parametrize("module", ["labels", "labels.printer", "labels.layout", "labels.barcode"])
def test_each_module_can_come_first(module):
    subprocess.run([sys.executable, "-c", f"import {module}"], check=True)


def test_the_widths_agree():
    printer = Printer()
    printer.put(lay_out("one two three four five six seven eight nine ten", "X"))
    widths = {len(line) for line in printer.sent if line.startswith("T")}
    assert widths == {4 + 24}


def test_a_label_that_is_full_is_printed():
    printer = Printer()
    printer.put(Label(tuple("abcdef"), "*X*"))
    assert printer.sent[-2:] == ["B:*X*", "CUT"]
