"""Debian's Squid as a program of its own, unpacked and not installed: what the chart's proxy runs."""

from __future__ import annotations

import os
import re
import secrets
import shutil
import subprocess
import sys
from pathlib import Path

from testbed.artefact import build_once
from testbed.plan import cache_dir
from testbed.shell import run

_SHARED = Path("/var/lib/boardhand-testbed")
"""For root, whose home is closed to others: Squid does not work as root."""
_NOBODY = 65534
_PACKAGES = ("squid", "squid-common", "squid-langpack", "libecap3", "libltdl7")


def ensure_squid() -> Path:
    """The folder with what is in Squid's packages. Raises TestbedError where apt-get cannot fetch them."""
    return build_once((_SHARED if os.geteuid() == 0 else cache_dir()) / "squid", _unpack)


def _unpack(into: Path) -> None:
    # apt fetches as a user of its own, who may not write everywhere: as root without one.
    run(["apt-get", "-o", "APT::Sandbox::User=root", "download", *_PACKAGES], cwd=into)
    for package in sorted(into.glob("*.deb")):
        run(["dpkg", "-x", package, into])
        package.unlink()


def start(folder: Path, squid: Path, configuration: str, log: Path) -> subprocess.Popen[bytes]:
    """Start Squid in the foreground with this configuration, its standard output in `log`; the caller ends it."""
    share, library = squid / "usr" / "share", squid / "usr" / "lib" / "squid"
    own = [
        f"mime_table {share}/squid/mime.conf",
        f"error_directory {share}/squid-langpack/en",
        f"icon_directory {share}/squid/icons",
        f"unlinkd_program {library}/unlinkd",
        f"logfile_daemon {library}/log_file_daemon",
        "pinger_enable off",
    ]
    file = folder / "squid.conf"
    file.write_text(configuration + "\n" + "\n".join(own) + "\n")
    become = ["setpriv", "--reuid", str(_NOBODY), "--regid", str(_NOBODY), "--clear-groups"]
    with log.open("wb") as sink:
        if os.geteuid() == 0:
            os.chown(log, _NOBODY, _NOBODY)
        return subprocess.Popen(
            [*(become if os.geteuid() == 0 else []), squid / "usr" / "sbin" / "squid", "-N", "-n", _name(), "-f", file],
            env={"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": str(squid / "usr" / "lib" / "x86_64-linux-gnu")},
            stdout=sink,
            stderr=sink,
        )


def _name() -> str:
    """One of its own, so that two do not share their memory."""
    return f"bh{secrets.token_hex(4)}"


def python() -> str:
    """One that others may run, too."""
    return shutil.which("python3", path="/usr/bin:/usr/local/bin") or sys.executable


def filled(template: str, port: int, allow: Path, key: Path, closed: str) -> str:
    """The chart's configuration with its places filled, as the chart fills them."""
    words = {"PYTHON": python(), "ALLOW": str(allow), "KEY": str(key), "http_port PORT": f"http_port 127.0.0.1:{port}"}
    for place, word in words.items():
        template = template.replace(place, word)
    return re.sub(r"(?m)^CLOSED$", f"acl closed dst {closed}", template)
