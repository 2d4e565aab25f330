"""Is a file a CycloneDX 1.6 document? Runs in the environment of requirements/supply.lock, which has the validator.

`python validate.py FILE`: exit code 1 with what is wrong.
"""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path


def main(path: str) -> int:
    """Hold the file against the schema, strictly: no property that it does not know."""
    validator = import_module("cyclonedx.validation.json").JsonStrictValidator
    version = import_module("cyclonedx.schema").SchemaVersion.V1_6
    wrong = validator(version).validate_str(Path(path).read_text())
    if wrong is not None:
        print(f"{path} is no CycloneDX 1.6: {wrong}", file=sys.stderr)
    return int(wrong is not None)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
