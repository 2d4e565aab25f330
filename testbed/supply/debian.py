"""Debian's packages of an image, from dpkg's status file. Pure.

Sources: https://manpages.debian.org/bookworm/dpkg-dev/deb-control.5.en.html,
https://github.com/package-url/purl-spec/blob/main/types-doc/deb-definition.md
"""

from __future__ import annotations

from email.parser import HeaderParser
from typing import Any
from urllib.parse import quote

Json = dict[str, Any]


def components(status: str, distribution: str) -> list[Json]:
    """A CycloneDX component for each installed package. distribution: such as `debian-12`."""
    parser = HeaderParser()
    entries = [parser.parsestr(text) for text in status.split("\n\n") if text.strip()]
    found = [dict(entry.items()) for entry in entries if entry["Status"] == "install ok installed"]
    return sorted((_component(entry, distribution) for entry in found), key=lambda one: str(one["purl"]))


def _component(entry: dict[str, str], distribution: str) -> Json:
    name, version = entry["Package"], entry["Version"]
    # "Source: name (version)", where they differ from the package's own.
    source, _, source_version = entry.get("Source", name).partition(" ")
    upstream = f"{source}@{source_version.strip('()') or version}"
    qualifiers = f"arch={entry['Architecture']}&distro={distribution}&upstream={quote(upstream, safe='')}"
    purl = f"pkg:deb/debian/{quote(name, safe='')}@{quote(version, safe='')}?{qualifiers}"
    return {"type": "library", "bom-ref": purl, "name": name, "version": version, "purl": purl}


def distribution(os_release: str) -> str:
    """`ID-VERSION_ID` of an os-release file."""
    fields = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    return "-".join(fields[name].strip('"') for name in ("ID", "VERSION_ID") if name in fields)
