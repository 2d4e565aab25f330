"""Parcel labels."""

from labels.layout import Label, lay_out
from labels.printer import Printer

__all__ = ["Label", "Printer", "lay_out"]
