"""Exit codes of the worker program; the same as in src/worker/exit-codes.ts."""

LEFT = 0
FAULT = 1
CONFIGURATION = 2
LOAD_FAILED = 3
UNFINISHED = 4
