"""Addresses that a request may send its visitor to. Pure."""

from __future__ import annotations


def inside(wanted: str, otherwise: str = "/") -> str:
    """An address of our own: the wanted one, or the other where it leads elsewhere."""
    plain = wanted.isascii() and wanted.isprintable() and "\\" not in wanted
    return wanted if plain and wanted.startswith("/") and not wanted.startswith("//") else otherwise
