# SPDX-License-Identifier: GPL-2.0-only
"""Makes files as the flight recorder makes them: see linux/weft_recorder.h."""
import struct

SUBMIT, POLL, BRIEF, WAKE, CANCEL, PARK, IN, OUT, EXIT, PUNT = range(1, 11)
YIELD, TIMER, WAKER, POOL = 1, 2, 3, 6
READY, FIRST = 128, 64
NO_WORKER = 255
MS = 1000000

EVENT = struct.Struct("=QQqQQIIIBBBB")
RING = struct.Struct("=IIQQ")
HEADER = struct.Struct("=8s8IQQQQII")


class Recording:
    """Events of some CPUs; times are in ms from 1 s on."""

    def __init__(self, cpus=2, flags=3, state=1):
        self.rings = [[] for _ in range(cpus)]
        self.lost = [0] * cpus
        self.flags = flags
        self.state = state
        self.magic = b"weftrec"
        self.version = 1
        self.extra = 0

    def add(self, kind, ms, cpu=0, id=0, value=0, took=0, waited=0, client=1,
            pid=0, op=3, worker=NO_WORKER, detail=0):
        self.rings[cpu].append(
            (int(1000 * MS + ms * MS), id, value, int(took * MS), int(waited * MS),
             client, pid, kind, op, worker, detail))

    def data(self):
        grown = b"\0" * self.extra
        out = HEADER.pack(self.magic, self.version, HEADER.size + self.extra,
                          RING.size + self.extra, EVENT.size + self.extra,
                          len(self.rings), self.flags, self.state, 2,
                          100000 * MS, 1000, 0, 0, 0, 0) + grown
        for cpu, events in enumerate(self.rings):
            out += RING.pack(cpu, len(events), len(events) + self.lost[cpu],
                             self.lost[cpu]) + grown
            for seq, e in enumerate(events, self.lost[cpu]):
                out += EVENT.pack(*e[:7], seq, *e[7:]) + grown
        return out

    def write(self, path):
        with open(path, "wb") as f:
            f.write(self.data())
        return path


def job_on_thread(rec, job, pid, at, work, wait, cpu=0, queued=1):
    """Works, sleeps and works again, in a thread of its own; is preempted once."""
    rec.add(SUBMIT, at, cpu, job, 1, pid=7, detail=1)
    rec.add(IN, at + queued, cpu, pid=pid)
    rec.add(POLL, at + queued, cpu, job, 0, work, queued, pid=pid,
            detail=TIMER | FIRST)
    rec.add(OUT, at + queued + work / 4, cpu, pid=pid, detail=1)
    rec.add(IN, at + queued + work / 2, cpu, pid=pid)
    rec.add(PARK, at + queued + work, cpu, job, pid=pid)
    rec.add(OUT, at + queued + work, cpu, pid=pid)
    end = at + queued + work + wait
    rec.add(IN, end, cpu, pid=pid)
    rec.add(WAKE, end, cpu, job, pid=pid)
    rec.add(POLL, end, cpu, job, 5, work, 0, pid=pid, detail=READY)
    rec.add(EXIT, end + work, cpu, pid=pid)


def jobs_on_worker(rec, jobs, at, work, wait, worker=0, pid=50, cpu=0):
    """The same, one after the other on one worker, whose timer wakes them."""
    rec.add(SUBMIT, at, cpu, jobs[0], len(jobs), pid=7)
    rec.add(IN, at, cpu, pid=pid, worker=worker)
    for n, job in enumerate(jobs):
        rec.add(POLL, at + n * work, cpu, job, 0, work, n * work, pid=pid,
                worker=worker, detail=TIMER | FIRST)
    idle = at + len(jobs) * work
    rec.add(PARK, idle, cpu, pid=pid, worker=worker)
    rec.add(OUT, idle, cpu, pid=pid, worker=worker)
    back = idle + wait
    rec.add(IN, back, cpu, pid=pid, worker=worker)
    for n, job in enumerate(jobs):
        rec.add(WAKE, back, cpu, job, pid=pid, worker=worker)
    for n, job in enumerate(jobs):
        rec.add(POLL, back + n * work, cpu, job, 0, work, n * work, pid=pid,
                worker=worker, detail=READY)
    rec.add(PARK, back + len(jobs) * work, cpu, pid=pid, worker=worker)
    rec.add(OUT, back + len(jobs) * work, cpu, pid=pid, worker=worker)


def pooled(count=3, **kwargs):
    """Jobs on a worker, whose first polls send a step of 10 ms to the blocking pool."""
    rec = Recording(**kwargs)
    rec.add(SUBMIT, 0, 0, 1048576, count, pid=7, op=7)
    for n in range(count):
        job, at = 1048576 + n, n * 2
        rec.add(PUNT, at + 1, 0, job, pid=50, op=7, worker=0)
        rec.add(POLL, at, 0, job, 0, 2, at, pid=50, op=7, worker=0, detail=POOL | FIRST)
        rec.add(WAKE, at + 12, 1, job, pid=80 + n, op=7, worker=0, detail=1)
        rec.add(POLL, at + 13, 0, job, 0, 1, 1, pid=50, op=7, worker=0, detail=READY)
    rec.add(PARK, 2 * count, 0, pid=50, worker=0)
    return rec


def threads(count=3, **kwargs):
    rec = Recording(**kwargs)
    for n in range(count):
        job_on_thread(rec, 1048576 + n, 100 + n, n * 0.1, 3, 6, n % 2)
    return rec


def workers(count=3, **kwargs):
    rec = Recording(**kwargs)
    jobs_on_worker(rec, [1048576 + n for n in range(count)], 0, 3 if count < 9 else
                   30 / count, 6)
    return rec
