"""`python -m testbed.redteam [FILTER…] [--short] [--local] [--jobs 2]`: attack; 1 where an attack is not stopped."""

from __future__ import annotations

import sys

from testbed import suites
from testbed.redteam import suite, table
from testbed.shell import TestbedError, say


def main() -> int:
    """Run the chosen attacks, print the table, write build/redteam.json."""
    parser = suites.parser("testbed.redteam", "The red team.", "attacks")
    parser.add_argument("--local", action="store_true", help="only what needs no cluster")
    given = parser.parse_args()
    try:
        wanted = suite.chosen(given.filters, short=given.short, cluster=not (given.local or given.short))
        if given.list:
            print("\n".join(f"{attack.name}: {attack.wants}" for attack in wanted))
            return 0
        suite.prepare(wanted)
    except TestbedError as problem:
        print(f"redteam: {problem}", file=sys.stderr)
        return 2
    say(f"{len(wanted)} attacks; the model is a scripted stand-in that does what the attacker wants")
    return suites.run(suite.rows(wanted, given.jobs), table, lambda row: row.stopped, "redteam.json", keep=given.keep)


if __name__ == "__main__":
    sys.exit(main())
