"""For `helm test`: whether each address behind a name says that it is ready, and there are as many as there should be.

    ready.py HOST PORT REPLICAS [SECONDS]

Ends with 1 where that is not so after so many seconds (60), with what the last look showed.
"""

import http.client
import socket
import sys
import time


def looked(host: str, port: int) -> dict[str, int | str]:
    """Each address behind the name, with the status of its answer or the reason why there is none."""
    found: dict[str, int | str] = {}
    try:
        known = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as unknown:
        return {host: str(unknown)}
    for address in sorted({str(one[4][0]) for one in known}):
        line = http.client.HTTPConnection(address, port, timeout=5)
        try:
            line.request("GET", "/readyz")
            found[address] = line.getresponse().status
        except (OSError, http.client.HTTPException) as wrong:
            found[address] = str(wrong)
        finally:
            line.close()
    return found


def main(host: str, port: int, replicas: int, seconds: float) -> int:
    """Look until it is so; the exit code."""
    deadline = time.monotonic() + seconds
    while True:
        found = looked(host, port)
        if len(found) == replicas and set(found.values()) == {200}:
            print(f"ready: {', '.join(found)}")
            return 0
        if time.monotonic() > deadline:
            print(f"{replicas} replicas are to say that they are ready, and these are found: {found}")
            return 1
        time.sleep(min(1, seconds))


if __name__ == "__main__":
    seconds = float(sys.argv[4]) if len(sys.argv) > 4 else 60.0
    sys.exit(main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), seconds))
