"""A WSGI application whose requests take JOB seconds of CPU time, the share P of it hashing, which lets go of the interpreter's
lock. When its worker ends it writes what that used into the folder REPORTS."""

import atexit
import hashlib
import json
import os
import threading
import time

JOB_SECONDS = 0.004
MEGABYTE = 1 << 20

parallel_fraction = float(os.environ["P"])
memory = memoryview(bytes(16 * MEGABYTE))
hashed = {}


def interpret(iterations):
    x = 0
    for i in range(iterations):
        x += i & 7
    return x


def hash_bytes(count):
    hashlib.sha256(memory[:count]).digest()


def per_second(work, amount):
    begin = time.thread_time()
    work(amount)
    return amount / (time.thread_time() - begin)


iterations = int(max(per_second(interpret, 400_000) for _ in range(3)) * JOB_SECONDS * (1 - parallel_fraction))
count = int(max(per_second(hash_bytes, 16 * MEGABYTE) for _ in range(3)) * JOB_SECONDS * parallel_fraction)
started = time.process_time()


@atexit.register
def report():
    with open(os.path.join(os.environ["REPORTS"], f"{os.getpid()}.json"), "w") as file:
        json.dump({"cpu_seconds": time.process_time() - started, "parallel_seconds": sum(hashed.values())}, file)


def application(environ, start_response):
    interpret(iterations)
    begin = time.thread_time()
    hash_bytes(count)
    thread = threading.get_ident()
    hashed[thread] = hashed.get(thread, 0) + time.thread_time() - begin
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", "3")])
    return [b"ok\n"]
