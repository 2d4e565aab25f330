"""What holds for all tests.

Hypothesis judges what is generated, never how long it takes: machines are shared. It generates the same each time, so
that who changed nothing breaks nothing; `make hunt` has it look elsewhere. Ctrl-C is heard, by the programs that tests
begin, too: what a shell starts in the background (`make test` does) inherits that it is ignored.
"""

from __future__ import annotations

import signal

from hypothesis import HealthCheck, settings

settings.register_profile(
    "shared-machine", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize=True
)
settings.register_profile(
    "hunt", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True, max_examples=300
)
settings.load_profile("shared-machine")
signal.signal(signal.SIGINT, signal.default_int_handler)
