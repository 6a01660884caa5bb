"""A worker that was forked waits; its process id is the first line."""

import os
import sys

worker = os.fork()
if worker == 0:
    print(os.getpid(), flush=True)
    sys.stdin.readline()
else:
    os.waitpid(worker, 0)
