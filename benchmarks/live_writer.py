"""Writes at a steady pace, in a process of its own, and notes when each was sent and answered.

``python -m benchmarks.live_writer`` reads ``{"port", "method", "path", "body", "headers", "first",
"count", "per_second"}`` and writes ``{number: [sent, answered]}``, in seconds of the clock that
listeners use. The text ``{number}`` stands for the number of the write, in path and body.
"""

import http.client
import json
import sys
import time

GOOD = range(200, 300)


def main() -> None:
    """Write.

    Raises:
        SystemExit: an answer was not a success.
    """
    plan = json.load(sys.stdin)
    connection = http.client.HTTPConnection("127.0.0.1", plan["port"], timeout=60)
    moments = {}
    start = time.perf_counter()
    for step in range(plan["count"]):
        time.sleep(max(0.0, start + step / plan["per_second"] - time.perf_counter()))
        number = f"s{plan['first'] + step:08d}"
        path, body = (plan[name].replace("{number}", number) for name in ("path", "body"))
        sent = time.perf_counter()
        connection.request(plan["method"], path, body or None, plan["headers"])
        answer = connection.getresponse()
        text = answer.read()
        if answer.status not in GOOD:
            sys.exit(f"{answer.status} {text[:500]!r}")
        moments[plan["first"] + step] = (sent, time.perf_counter())
    print(json.dumps(moments))


if __name__ == "__main__":
    main()
