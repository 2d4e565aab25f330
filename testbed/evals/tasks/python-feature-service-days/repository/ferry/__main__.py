"""`python3 -m ferry FILE HH:MM`."""

import sys
from datetime import datetime, time
from pathlib import Path

from ferry import parse


def main(file: str, at: str) -> int:
    moment = datetime.combine(datetime.now().date(), time.fromisoformat(at))
    found = parse(Path(file).read_text("utf-8")).next_after(moment)
    if found is None:
        print("no boat")
        return 1
    leaves, departure = found
    print(f"{leaves:%a %H:%M} to {departure.destination}")
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
