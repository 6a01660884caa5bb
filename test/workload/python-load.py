#!/usr/bin/python3
"""python-load.py P THREADS [--think SECONDS] [--idle THREADS] [--lock] [--workers PROCESSES] [--duration SECONDS]: threads of
pure Python, which runs under the interpreter lock, and of hashing, which does not; with --lock it is done under a threading.Lock.
With --workers that many processes are forked, each with such threads. Prints what it measured of itself at SIGTERM, or after that
time, and at SIGUSR2; since SIGUSR1 if that came. Of times the unit may be given: 30s, 20ms."""

import argparse
import contextlib
import ctypes
import hashlib
import json
import os
import queue
import random
import signal
import threading
import time

JOB_SECONDS = 0.004
MEGABYTE = 1 << 20



def seconds(text):
    for unit, length in ("ms", 0.001), ("s", 1):
        if text.endswith(unit):
            return float(text.removesuffix(unit)) * length
    return float(text)


arguments = argparse.ArgumentParser()
arguments.add_argument("p", type=float)
arguments.add_argument("threads", type=int)
arguments.add_argument("--think", type=seconds, default=0)
arguments.add_argument("--duration", type=seconds, default=0)
arguments.add_argument("--idle", type=int, default=0)
arguments.add_argument("--workers", type=int, default=0)
arguments.add_argument("--lock", action="store_true")
options = arguments.parse_args()
hashing = threading.Lock() if options.lock else contextlib.nullcontext()


def interpret(iterations):
    x = 0
    for i in range(iterations):
        x += i & 7
    return x


def per_second(work, amount):
    begin = time.thread_time()
    work(amount)
    return amount / (time.thread_time() - begin)


def hash_bytes(count):
    hashlib.sha256(memory[:count]).digest()


memory = memoryview(bytes(16 * MEGABYTE))
iterations = int(max(per_second(interpret, 400_000) for _ in range(3)) * JOB_SECONDS * (1 - options.p))
hashed = int(max(per_second(hash_bytes, 16 * MEGABYTE) for _ in range(3)) * JOB_SECONDS * options.p)

# CPU seconds of each thread: of both parts, and jobs.
done = [[0.0, 0.0, 0] for _ in range(options.threads)]


def work(index):
    own, chance = done[index], random.Random(index)
    while True:
        begin = time.thread_time()
        interpret(iterations)
        middle = time.thread_time()
        # Less than 2048 bytes are hashed without letting go of the lock.
        if hashed >= 2048:
            with hashing:
                hash_bytes(hashed)
        end = time.thread_time()
        own[0] += middle - begin
        own[1] += end - middle
        own[2] += 1
        if options.think:
            time.sleep(chance.expovariate(1 / options.think))


def say(**record):
    os.write(output, (json.dumps(record, separators=(",", ":")) + "\n").encode())


def totals():
    sums = [sum(own[i] for own in done) for i in range(3)]
    return time.monotonic(), time.process_time(), *sums


def fork_workers():
    """Of the parent: process and pipe of each; of a worker: none, and what it says goes to the pipe."""
    global output
    workers = []
    for _ in range(options.workers):
        reading, writing = os.pipe()
        pid = os.fork()
        if pid == 0:
            ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
            output = writing
            return []
        os.close(writing)
        workers.append((pid, reading))
    return workers


def tell(workers, number):
    for pid, _ in workers:
        os.kill(pid, number)


def reports(workers):
    for _, reading in workers:
        yield json.loads(os.fdopen(reading).read().splitlines()[-1])


def measure():
    """Until it is told to end; what it has measured since it was told to begin anew."""
    begin = totals()
    while (told := signal.sigwait(SIGNALS)) in (signal.SIGUSR1, signal.SIGUSR2):
        if told == signal.SIGUSR1:
            begin = totals()
        else:
            say(record="interim", **since(begin))
    return since(begin)


def since(begin):
    wall, cpu, serial, parallel, jobs = (last - first for last, first in zip(totals(), begin))
    # What is done under the busiest lock is serial.
    inside = max(serial, parallel) if options.lock else serial
    return {"seconds": wall, "cpu_seconds": cpu, "jobs": jobs, "rate": jobs / wall, "p": 1 - inside / (serial + parallel)}


def lead(workers):
    """The same of all workers together: p of their code."""
    while (told := signal.sigwait(SIGNALS)) in (signal.SIGUSR1, signal.SIGUSR2):
        if told == signal.SIGUSR1:
            tell(workers, signal.SIGUSR1)
    tell(workers, signal.SIGTERM)
    all = list(reports(workers))
    total = {name: sum(one[name] for one in all) for name in ("cpu_seconds", "jobs")}
    p = sum(one["p"] * one["cpu_seconds"] for one in all) / total["cpu_seconds"]
    return {"seconds": all[0]["seconds"], **total, "p": p}


PR_SET_PDEATHSIG = 1
SIGNALS = [signal.SIGTERM, signal.SIGALRM, signal.SIGUSR1, signal.SIGUSR2]
signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
output = 1
workers = fork_workers()
if workers or options.workers == 0:
    signal.setitimer(signal.ITIMER_REAL, options.duration)
if not workers:
    waited_for = queue.Queue()
    for _ in range(options.idle):
        threading.Thread(target=waited_for.get, daemon=True).start()
    for index in range(options.threads):
        threading.Thread(target=work, args=[index], daemon=True).start()
say(record="ready", pid=os.getpid())
say(record="final", **(lead(workers) if workers else measure()))
os._exit(0)
