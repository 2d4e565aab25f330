"""What Squid asks about each connection: whether a run's credentials are ours, and whether their hosts have this one.

    allow.py known KEY_FILE      reads "USER PASSWORD", as Squid's basic authentication asks
    allow.py hosts KEY_FILE      reads "HEADER HOST PORT -", as its external_acl_type asks; HEADER: Proxy-Authorization

A password is LIST.MAC: the hosts that the pool allows, in base64 without its padding, and the proof by the operator's
key that they are the user's. So nothing is kept here, and what a pool allows holds from its next run on. Answers OK or
ERR, a line a line.
"""

import base64
import binascii
import hashlib
import hmac
import sys
from pathlib import Path
from urllib.parse import unquote

WEB = ("80", "443")


def listed(user: str, password: str, key: bytes) -> list[str] | None:
    """The hosts that these credentials allow; None where they are not the operator's."""
    hosts, _, given = password.partition(".")
    wanted = hmac.new(key, f"{user}\n{hosts}".encode(), hashlib.sha256).hexdigest()
    if not hmac.compare_digest(wanted.encode(), given.encode()):
        return None
    return base64.urlsafe_b64decode(hosts + "=" * (-len(hosts) % 4)).decode().split()


def allows(hosts: list[str], host: str, port: str) -> bool:
    """Whether one of NAME, *.NAME, NAME:PORT is this host; without a port 80 and 443 are meant."""
    for one in hosts:
        name, _, wanted = one.partition(":")
        if port not in ((wanted,) if wanted else WEB):
            continue
        if host == name or (name.startswith("*.") and host.endswith(name[1:]) and host != name[1:]):
            return True
    return False


def credentials(header: str) -> tuple[str, str]:
    """User and password of a Basic header; two empty words where it is none."""
    kind, _, rest = header.partition(" ")
    if kind.lower() != "basic":
        return "", ""
    try:
        user, _, password = base64.b64decode(rest.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return user, password


def answer(mode: str, line: str, key: bytes) -> bool:
    """Whether Squid's question is answered with OK."""
    words = [unquote(word) for word in line.split()]
    if mode == "known":
        return len(words) == 2 and listed(words[0], words[1], key) is not None
    if len(words) < 3:
        return False
    hosts = listed(*credentials(words[0]), key)
    return hosts is not None and allows(hosts, words[1].lower().rstrip("."), words[2])


def main() -> None:
    """Answer until Squid ends."""
    mode, file = sys.argv[1:]
    key = Path(file).read_bytes().strip()
    if len(key) < 32:
        raise SystemExit(f"{file}: the key has less than 32 bytes")
    for line in sys.stdin:
        print("OK" if answer(mode, line, key) else "ERR", flush=True)


if __name__ == "__main__":
    main()
