"""What can be told of a change's tests: pure functions of texts, for the gate."""
