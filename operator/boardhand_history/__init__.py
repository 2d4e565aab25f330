"""History that outlives the objects: what came of each run, in a database that one recorder writes and pages read."""
