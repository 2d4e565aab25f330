"""The operator under Python's profiler: `OperatorProcess(module="testbed.bench.scale.profiled")`.

What it spent its time with is written to the file that BOARDHAND_PROFILE names, when it is told to end.
"""

from __future__ import annotations

import cProfile
import os
import sys
import time

from boardhand_operator.__main__ import main

if __name__ == "__main__":
    profile = cProfile.Profile(time.process_time)
    code = profile.runcall(main)
    profile.dump_stats(os.environ["BOARDHAND_PROFILE"])
    sys.exit(code)
