"""Calls from the benchmark: a line of JSON each way. What a model or library prints goes to stderr."""

import json
import os
import sys


def answer_calls(handlers):
    """Answers {"method", "arguments"} with {"value"} or {"error"} until stdin ends."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    for line in sys.stdin:
        call = json.loads(line)
        try:
            answer = {"value": handlers[call["method"]](**call["arguments"])}
        except Exception as error:
            answer = {"error": f"{type(error).__name__}: {error}"}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()
