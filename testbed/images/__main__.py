"""`python -m testbed.images [NAME …]`: build the images (all by default) and print what they are."""

from __future__ import annotations

import sys
import time

from testbed.images.build import ensure_image
from testbed.images.inputs import RECIPES
from testbed.shell import TestbedError


def main(names: list[str]) -> int:
    """Print name, reference, size in MB and seconds of each image; 1 if one could not be built."""
    for name in names or list(RECIPES):
        started = time.monotonic()
        try:
            image = ensure_image(name)
        except TestbedError as error:
            print(error, file=sys.stderr)
            return 1
        megabytes = image.archive.stat().st_size / 1e6
        print(f"{name:18} {image.reference:55} {megabytes:6.0f} MB {time.monotonic() - started:6.1f} s")
        print(f"{'':18} {image.archive}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
