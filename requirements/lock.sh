#!/bin/sh
# Write the lock files anew from pyproject.toml; needs uv. Run it after every change of a dependency.
set -eu
cd "$(dirname "$0")/.."
# No index, links or configuration of the machine may show in a lock file or decide what stands in it.
unset UV_FIND_LINKS UV_INDEX UV_EXTRA_INDEX_URL PIP_FIND_LINKS PIP_EXTRA_INDEX_URL 2>/dev/null || true

lock() {
    output=$1
    shift
    uv pip compile --universal --python-version 3.11 --generate-hashes --quiet \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate \
        --output-file "requirements/$output.lock" "$@"
}

# What Dockerfile.operator installs.
lock operator pyproject.toml --extra operator
# What Dockerfile.dashboard installs.
lock dashboard pyproject.toml --extra dashboard
# What Dockerfile.runner installs.
lock runner pyproject.toml --extra runner
# What both Dockerfiles build the project's wheel with.
lock build requirements/build.in
# What a development environment holds: both programs, the linters and the tests.
lock dev pyproject.toml --extra operator --extra runner --extra dashboard --extra cli --group dev requirements/build.in
# What `make bench` compares with, in an environment of its own: in no image, and not in the development environment.
lock bench requirements/bench.in --no-deps
# What `make sbom` and `make audit` run, in an environment of its own.
lock supply requirements/supply.in
