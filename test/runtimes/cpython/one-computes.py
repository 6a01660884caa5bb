"""
One thread computes, and so has the GIL, while the main thread waits for a line; then both wait.

First line: what pthread_self() gives in the two, and the address of _PyRuntime.
"""

import ctypes
import sys
import threading
import time

pthread_self = ctypes.CDLL(None).pthread_self
pthread_self.restype = ctypes.c_ulong
started = threading.Event()
stopped = False
computing = 0


def compute():
    global computing
    computing = pthread_self()
    started.set()
    end = time.monotonic() + 2
    while not stopped and time.monotonic() < end:
        pass


thread = threading.Thread(target=compute)
thread.start()
started.wait()
runtime = ctypes.addressof(ctypes.c_char.in_dll(ctypes.pythonapi, "_PyRuntime"))
print(computing, pthread_self(), runtime, flush=True)
sys.stdin.readline()
stopped = True
thread.join()
print("waits", flush=True)
sys.stdin.readline()
