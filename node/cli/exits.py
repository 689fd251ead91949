"""Exit statuses, the same for every command."""

DONE = 0
FAILED = 1
USAGE = 2
REFUSED = 3
