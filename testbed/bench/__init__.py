"""`make bench`: the figures of docs/benchmarks.md, as a table and in build/bench.json."""
