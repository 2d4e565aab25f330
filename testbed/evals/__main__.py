"""`python -m testbed.evals [FILTER…] [--short] [--jobs 2] [--keep]`: run the suite; 1 where a case is not met."""

from __future__ import annotations

import sys

from testbed import suites
from testbed.evals import suite, table
from testbed.evals.model import real_model
from testbed.shell import TestbedError, say


def main() -> int:
    """Run the chosen cases, print the table, write build/evals.json."""
    given = suites.parser("testbed.evals", "The eval suite.", "cases").parse_args()
    try:
        wanted = suite.chosen(given.filters, given.short)
        if given.list:
            print("\n".join(case.name for case in wanted))
            return 0
        suite.prepare(wanted)
    except (TestbedError, ValueError) as problem:
        print(f"evals: {problem}", file=sys.stderr)
        return 2
    model = real_model()
    say(f"{len(wanted)} cases; the model is {model.name if model else 'a scripted stand-in, no language model'}")
    return suites.run(suite.rows(wanted, given.jobs), table, lambda row: row.met, "evals.json", keep=given.keep)


if __name__ == "__main__":
    sys.exit(main())
