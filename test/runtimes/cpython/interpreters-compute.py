"""Two interpreters, each with a GIL of its own since 3.12, compute for a moment; then all wait."""

import sys
import threading

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters

run = getattr(interpreters, "exec", None) or interpreters.run_string
COMPUTE = """
import os, time
os.write(1, b"computes\\n")
end = time.monotonic() + 1
while time.monotonic() < end:
    pass
"""

threads = [threading.Thread(target=run, args=(interpreters.create(), COMPUTE)) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print("waits", flush=True)
sys.stdin.readline()
