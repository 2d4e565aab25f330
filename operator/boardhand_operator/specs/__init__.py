"""Pure builders: from a pool and a run to the objects that are applied. No I/O."""
