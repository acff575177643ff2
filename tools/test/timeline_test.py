#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
weft timeline, drawing recordings that are made here: what lanes, slices, arrows and
totals there are in each format, and what it says to bad ones.

    timeline_test.py WEFT [TEST...]
"""
import bisect
import collections
import json
import os
import pty
import re
import subprocess
import sys
import tempfile
import unittest
import xml.etree.ElementTree as ET

from recording import (BRIEF, EXIT, FIRST, IN, MS, OUT, PARK, POLL, READY, SUBMIT,
                       TIMER, WAKE, WAKER, YIELD, Recording, pooled, threads, workers)

SVG = "{http://www.w3.org/2000/svg}"
WEFT = None
DIR = None


def draw(rec, *args, env=None, fails=False):
    """Returns (stdout, stderr), or (status, stderr) of one that must fail."""
    path = rec if isinstance(rec, str) else rec.write(os.path.join(DIR, "events"))
    last = () if "--last" in args else ("--last", "1h")
    run = subprocess.run([WEFT, "timeline", "--file", path, *last, *args],
                         capture_output=True, text=True, timeout=120,
                         env={"PATH": os.environ["PATH"], "LC_ALL": "C", **(env or {})})
    if fails:
        return run.returncode, run.stderr
    if run.returncode:
        raise AssertionError(f"status {run.returncode}: {run.stderr}")
    return run.stdout, run.stderr


def load(rec, *args):
    return json.loads(draw(rec, "--format", "json", *args)[0])


def totals(rec, *args):
    return load(rec, *args)["otherData"]["weft"][0]


class Story(unittest.TestCase):
    """What a story comes to, whatever it is drawn as."""

    def test_threads_have_a_lane_each(self):
        t = totals(threads(3))
        self.assertEqual((3, 3, 3), (t["tasks"], t["threads"], t["ended"]))
        self.assertEqual((6, 3, 3), (t["polls"], t["wakes"], t["parks"]))
        # Each is preempted, sleeps and ends.
        self.assertEqual(9, t["switches"])
        self.assertEqual(0, t["coop_switches"])

    def test_tasks_on_a_worker_share_it(self):
        t = totals(workers(3))
        self.assertEqual((3, 1, 3), (t["tasks"], t["threads"], t["ended"]))
        self.assertEqual((6, 3, 2), (t["polls"], t["wakes"], t["parks"]))
        self.assertEqual(2, t["switches"])
        # From A to B and to C, before the sleep and after it.
        self.assertEqual(4, t["coop_switches"])
        self.assertTrue(t["exact"])

    def test_switch_in_a_poll_is_no_coop_switch(self):
        rec = Recording()
        for n, (begin, end) in enumerate(((0, 2), (2, 4), (4, 6))):
            rec.add(POLL, begin, id=n, took=end - begin, worker=0, pid=50,
                    detail=READY | FIRST)
        rec.add(OUT, 3, worker=0, pid=50, detail=1)
        rec.add(IN, 3.5, worker=0, pid=50)
        # To the second one; to the third there was none.
        self.assertEqual(1, totals(rec)["coop_switches"])
        # In the first: nobody was polled before.
        rec.rings[0][-2:] = []
        rec.add(OUT, 1, worker=0, pid=50, detail=1)
        rec.add(IN, 1.5, worker=0, pid=50)
        self.assertEqual(2, totals(rec)["coop_switches"])

    def test_brief_polls_count(self):
        rec = workers(1)
        rec.add(BRIEF, 40, value=500, took=2, worker=0, pid=50)
        t = totals(rec)
        self.assertEqual(502, t["polls"])
        self.assertFalse(t["exact"])

    def test_steps_in_the_pool_count(self):
        t = totals(pooled(3))
        self.assertEqual((3, 3, 6, 3), (t["tasks"], t["ended"], t["polls"], t["punts"]))
        self.assertEqual(0, totals(workers(3))["punts"])

    def test_client_can_be_chosen(self):
        rec = workers(2)
        rec.add(POLL, 1, id=9, took=0.5, client=2, pid=51, worker=1,
                detail=READY | FIRST)
        self.assertEqual(3, totals(rec)["tasks"])
        self.assertEqual(1, totals(rec, "--client", "2")["tasks"])
        self.assertEqual(2, totals(rec, "--client", "1")["tasks"])

    def test_same_id_of_two_clients_is_two_tasks(self):
        rec = Recording()
        for client in 1, 2:
            rec.add(POLL, client, id=5, took=0.5, client=client, worker=0, pid=50,
                    detail=READY | FIRST)
        self.assertEqual(2, totals(rec)["tasks"])

    def test_last_leaves_out_what_came_before(self):
        rec = workers(1)
        rec.add(POLL, 500, id=9, took=1, worker=0, pid=50, detail=READY | FIRST)
        self.assertEqual(1, totals(rec, "--last", "100ms")["tasks"])
        self.assertEqual(2, totals(rec)["tasks"])

    def test_fields_may_be_added(self):
        rec = threads(3)
        rec.extra = 16
        self.assertEqual(totals(threads(3)), totals(rec))


def pieces(doc, job):
    """[(name, from, to)] of what a job did, without the job itself."""
    opened, out = {}, []
    for e in doc["traceEvents"]:
        if e["ph"] in "be" and e["id"].endswith(f".{job}"):
            if e["ph"] == "b":
                opened[e["name"]] = e["ts"]
            else:
                out.append((e["name"], opened.pop(e["name"]), e["ts"]))
    return [p for p in out if p[0] not in ("sleep", "spin", "task", "fsync")]


# What the Trace Event Format allows an event to have, by its phase; the first ones it
# must have.
COMMON = {"ph", "pid", "tid", "ts", "name"}
PHASES = {
    "M": (COMMON | {"args"}, set()),
    "X": (COMMON | {"dur", "cat"}, {"args"}),
    "b": (COMMON | {"cat", "id"}, {"args"}),
    "e": (COMMON | {"cat", "id"}, {"args"}),
    "s": (COMMON | {"cat", "id"}, {"args"}),
    "f": (COMMON | {"cat", "id", "bp"}, {"args"}),
}
METADATA = ("process_name", "thread_name")


def no_twins(pairs):
    """An object of JSON in which no name comes twice."""
    names = [name for name, _ in pairs]
    if len(names) != len(set(names)):
        raise AssertionError(f"twice in one object: {names}")
    return dict(pairs)


def union(slices):
    """[(from, to)] of the times at which there is a slice."""
    out = []
    for begin, end, _ in sorted(slices):
        if out and begin <= out[-1][1]:
            out[-1] = (out[-1][0], max(end, out[-1][1]))
        else:
            out.append((begin, end))
    return out


def no_number(word):
    raise AssertionError(f"{word} is no number of JSON")


class Json(unittest.TestCase):
    """
    The Trace Event Format, as its document describes it and Perfetto takes it: phases
    with what they must have, begins and ends that are pairs, slices that are nested,
    flows from a slice to a slice, names of processes and threads, times.
    """

    def check(self, doc):
        self.assertEqual({"displayTimeUnit", "otherData", "traceEvents"}, set(doc))
        self.assertIn(doc["displayTimeUnit"], ("ms", "ns"))
        json.loads(json.dumps(doc), object_pairs_hook=no_twins, parse_constant=no_number)
        slices = collections.defaultdict(list)
        flows, named = collections.defaultdict(list), set()
        for e in doc["traceEvents"]:
            self.check_event(e)
            if e["ph"] == "M":
                self.assertNotIn((e["name"], e["pid"], e["tid"]), named)
                named.add((e["name"], e["pid"], e["tid"]))
            elif e["ph"] == "X":
                slices[e["pid"], e["tid"]].append((e["ts"], e["ts"] + e["dur"], e["name"]))
            elif e["ph"] in "sf":
                flows[e["id"]].append(e)
        self.check_pairs(doc)
        for key, ss in slices.items():
            self.assertIn(("process_name", key[0], 0), named)
            self.assertIn(("thread_name", *key), named)
            self.check_nested(ss)
        covered = {key: union(ss) for key, ss in slices.items()}
        begins = {key: {begin for begin, _, _ in ss} for key, ss in slices.items()}
        for s, f in flows.values():
            self.check_flow(s, f, covered, begins)
        return slices, flows

    def check_event(self, e):
        self.assertIn(e["ph"], PHASES)
        must, may = PHASES[e["ph"]]
        self.assertLessEqual(must, set(e), e)
        self.assertLessEqual(set(e), must | may, e)
        for key in "pid", "tid":
            self.assertIs(int, type(e[key]), e)
        for key in {"ts", "dur"} & set(e):
            self.assertIn(type(e[key]), (int, float), e)
            self.assertTrue(0 <= e[key] < float("inf"), e)
        for key in {"name", "cat"} & set(e):
            self.assertIs(str, type(e[key]), e)
            self.assertTrue(e[key], e)
        if "id" in e:
            self.assertIn(type(e["id"]), (int, str), e)
        self.assertIs(dict, type(e.get("args", {})), e)
        if e["ph"] == "M":
            self.assertIn(e["name"], METADATA)
            self.assertEqual({"name"}, set(e["args"]))
            self.assertTrue(e["args"]["name"])

    def check_pairs(self, doc):
        """By time, and what has the same time as it is written, as a reader sorts."""
        opened = collections.defaultdict(list)
        for e in sorted(doc["traceEvents"], key=lambda e: e["ts"]):
            if e["ph"] not in "be":
                continue
            stack = opened[e["cat"], e["id"]]
            if e["ph"] == "b":
                # An id is that of one thread of one process for good.
                self.assertTrue(all(b["pid"] == e["pid"] for b in stack), e)
                stack.append(e)
            else:
                self.assertTrue(stack, e)
                self.assertEqual(stack.pop()["name"], e["name"], e)
        self.assertEqual([], [s for s in opened.values() if s])

    def check_flow(self, s, f, covered, begins):
        self.assertEqual(("s", "f", "e"), (s["ph"], f["ph"], f["bp"]))
        self.assertEqual((s["cat"], s["name"]), (f["cat"], f["name"]))
        self.assertLessEqual(s["ts"], f["ts"])
        for e in s, f:
            times = covered.get((e["pid"], e["tid"]), [])
            at = bisect.bisect_right(times, (e["ts"], float("inf"))) - 1
            self.assertTrue(at >= 0 and e["ts"] <= times[at][1], e)
        # An arrow ends where the poll begins.
        self.assertIn(f["ts"], begins[f["pid"], f["tid"]], f)

    def check_nested(self, slices):
        stack = []
        for begin, end, name in sorted(slices, key=lambda s: (s[0], -s[1])):
            while stack and stack[-1] <= begin:
                stack.pop()
            if stack:
                self.assertLessEqual(end, stack[-1] + 0.002, name)
            stack.append(end)

    def test_checks_can_fail(self):
        """Each rule is broken once."""
        def broken(change):
            doc = load(workers(3))
            change(doc, doc["traceEvents"])
            with self.assertRaises((AssertionError, KeyError, ValueError)):
                self.check(doc)

        def first(events, phase):
            return next(e for e in events if e["ph"] == phase)

        for phase in "MXbesf":
            for key in PHASES[phase][0]:
                broken(lambda _, es, p=phase, k=key: first(es, p).pop(k))
            broken(lambda _, es, p=phase: first(es, p).update(ph="Q"))
            broken(lambda _, es, p=phase: first(es, p).update(more=1))
            broken(lambda _, es, p=phase: first(es, p).update(ts=float("nan")))
            broken(lambda _, es, p=phase: first(es, p).update(ts=-1))
            broken(lambda _, es, p=phase: first(es, p).update(name=7))
        for phase in "esf":
            broken(lambda _, es, p=phase: es.remove(first(es, p)))
        broken(lambda _, es: es.append(first(es, "M")))
        broken(lambda _, es: first(es, "s").update(tid=77))
        broken(lambda _, es: first(es, "s").update(ts=1e9))
        broken(lambda _, es: first(es, "f").update(bp="i"))
        broken(lambda _, es: first(es, "e").update(ts=1e9))
        broken(lambda _, es: first(es, "b").update(id="9"))
        broken(lambda _, es: first(es, "X").update(dur=4000))
        broken(lambda d, _: d.pop("traceEvents"))
        broken(lambda d, _: d.update(displayTimeUnit="us"))

    def test_threads(self):
        slices, flows = self.check(load(threads(3)))
        self.assertEqual(3, len(slices))
        for lane in slices.values():
            names = collections.Counter(s[2] for s in lane)
            self.assertEqual({"sleep": 2, "busy": 2, "switched out": 1, "parked": 1},
                             names)
        self.assertEqual(3, len(flows))

    def test_workers(self):
        slices, flows = self.check(load(workers(3)))
        self.assertEqual([(1, 1)], list(slices))
        self.assertEqual({"sleep": 6, "busy": 2, "parked": 1},
                         collections.Counter(s[2] for s in slices[1, 1]))
        self.assertEqual(3, len(flows))

    def test_task_is_queued_runs_and_waits(self):
        doc = load(workers(3))
        self.assertEqual([("queued", 0, 3000), ("running", 3000, 6000),
                          ("waits for a timer", 6000, 15000),
                          ("queued", 15000, 18000), ("running", 18000, 21000)],
                         pieces(doc, 1048577))

    def test_task_in_the_pool_says_so(self):
        doc = load(pooled(2))
        self.check(doc)
        self.assertEqual([("queued", 0, 2000), ("running", 2000, 4000),
                          ("in the pool", 4000, 14000), ("queued", 14000, 15000),
                          ("running", 15000, 16000)], pieces(doc, 1048577))

    def test_preempted_task_is_queued_meanwhile(self):
        doc = load(threads(1))
        self.assertEqual([("queued", 0, 1000), ("running", 1000, 1750),
                          ("queued", 1750, 2500), ("running", 2500, 4000),
                          ("waits for a timer", 4000, 10000),
                          ("running", 10000, 13000)], pieces(doc, 1048576))

    def test_job_that_has_not_ended_goes_on(self):
        rec = workers(1)
        rec.add(POLL, 40, id=99, took=1, worker=0, pid=50, detail=WAKER | FIRST)
        rec.add(PARK, 60, worker=0, pid=50)
        doc = load(rec)
        self.check(doc)
        self.assertEqual([("running", 40000, 41000), ("waits for a waker", 41000, 60000)],
                         pieces(doc, 99))

    def test_yield_waits_for_its_turn(self):
        rec = Recording()
        rec.add(POLL, 0, id=1, took=1, worker=0, pid=50, detail=YIELD | FIRST)
        rec.add(POLL, 3, id=1, took=1, waited=2, worker=0, pid=50, detail=READY)
        self.assertEqual([("running", 0, 1000), ("queued", 1000, 3000),
                          ("running", 3000, 4000)], pieces(load(rec), 1))

    def test_waker_from_outside_is_there(self):
        rec = Recording()
        rec.add(POLL, 0, id=1, took=1, worker=0, pid=50, detail=WAKER | FIRST)
        rec.add(WAKE, 5, id=1, worker=0, pid=4242, detail=1)
        rec.add(POLL, 6, id=1, took=1, waited=1, worker=0, pid=50, detail=READY)
        doc = load(rec)
        slices, flows = self.check(doc)
        self.assertIn((1, 1004242), slices)
        self.assertEqual(5000, flows[1][0]["ts"])
        self.assertEqual(6000, flows[1][1]["ts"])

    def test_kernel_without_switches(self):
        rec = threads(3, flags=2)
        for ring in rec.rings:
            ring[:] = [e for e in ring if e[7] not in (IN, OUT)]
        doc = load(rec)
        self.check(doc)
        self.assertEqual(0, doc["otherData"]["weft"][0]["switches"])

    def test_many(self):
        doc = load(workers(10000))
        self.check(doc)
        self.assertEqual(20000, doc["otherData"]["weft"][0]["polls"])


class Svg(unittest.TestCase):
    def page(self, rec, *args):
        text = draw(rec, "--format", "svg", *args)[0]
        root = ET.fromstring(text)
        self.check_labels(root)
        return root

    def check_labels(self, root):
        """Texts of one line do not overlap, and none leaves the page."""
        _, _, width, height = map(float, root.get("viewBox").split())
        rows = collections.defaultdict(list)
        for group in [root] + root.findall(f".//{SVG}g"):
            dx = 16 if (group.get("transform") or "").startswith("translate") else 0
            for t in group.findall(f"{SVG}text"):
                cls = t.get("class") or ""
                size = {"head": 17, "title": 15, "name": 11}.get(cls, 12)
                length = 0.56 * size * len(t.text)
                x = float(t.get("x")) + dx
                if cls == "label":
                    x -= length
                elif cls in ("tick", "name"):
                    x -= length / 2
                self.assertGreaterEqual(x, -2, t.text)
                self.assertLessEqual(x + length, width + 8, t.text)
                self.assertLessEqual(float(t.get("y")), height)
                rows[id(group) if dx else 0, float(t.get("y"))].append((x, x + length, t.text))
        for row in rows.values():
            row.sort()
            for a, b in zip(row, row[1:]):
                self.assertLessEqual(a[1], b[0] + 2, (a, b))

    def classes(self, root):
        return collections.Counter(e.get("class") for e in root.iter() if e.get("class"))

    def test_threads(self):
        root = self.page(threads(3))
        story = root.find(f"{SVG}g[@class='story']")
        self.assertEqual(("3", "3", "6"), (story.get("data-lanes"),
                                           story.get("data-tasks"), story.get("data-polls")))
        count = self.classes(root)
        # With those in the legend.
        self.assertEqual(9 + 1, count["switch"])
        self.assertEqual(3 + 1, count["wake"])
        labels = [t.text for t in root.iter(f"{SVG}text")]
        for name in ("pid 100", "pid 101", "pid 102", "task A", "task B", "task C", "ms"):
            self.assertIn(name, labels)
        # Each runs, is preempted, runs, sleeps and runs.
        self.assertEqual(9, sum(t in ("A", "B", "C") for t in labels))

    def test_workers(self):
        root = self.page(workers(3))
        labels = [t.text for t in root.iter(f"{SVG}text")]
        self.assertEqual(1, labels.count("weft/0"))
        self.assertEqual(2, sum(t == "A" for t in labels))
        self.assertTrue(any("4 of them coop switches" in (t or "") for t in labels))

    def test_pool_is_a_shape_of_its_own(self):
        root = self.page(pooled(3))
        # With the one in the legend, which is there where one is needed.
        self.assertEqual(3 + 1, self.classes(root)["pool"])
        self.assertEqual(1, self.classes(root)["wait"])
        # The threads of the pool are none of the lanes: their arrows begin nowhere.
        self.assertEqual(3 + 1, self.classes(root)["wake"])
        said = " ".join(t.text or "" for t in root.iter(f"{SVG}text"))
        self.assertIn("in the blocking pool: another thread", said)
        self.assertIn("3 steps in the blocking pool", said)
        self.assertEqual(0, self.classes(self.page(workers(3)))["pool"])

    def test_many_in_the_pool_are_an_area(self):
        root = self.page(pooled(200))
        self.assertEqual(1 + 1, self.classes(root)["pool"])

    def test_says_what_it_shows(self):
        root = self.page(threads(3), "--title", "Me & <you>")
        self.assertEqual("Me & <you>", root.find(f"{SVG}title").text)
        labels = [t.text for t in root.iter(f"{SVG}text")]
        self.assertIn("Me & <you>", labels)
        for word in ("runs", "waits", "a thread wakes a task"):
            self.assertIn(word, labels)

    def test_hundred_tasks_have_a_row_each(self):
        root = self.page(workers(100))
        labels = [t.text for t in root.iter(f"{SVG}text")]
        self.assertIn("task 100", labels)
        self.assertLess(100, self.classes(root)["run"])

    def test_many_tasks_are_an_area(self):
        text = draw(workers(10000), "--format", "svg")[0]
        self.assertLess(len(text), 400000)
        root = self.page(workers(10000))
        self.assertIn("10,000", [t.text for t in root.iter(f"{SVG}text")])
        self.assertLessEqual(1, self.classes(root)["waits"])

    def test_many_threads_are_an_area(self):
        root = self.page(threads(200))
        labels = [t.text for t in root.iter(f"{SVG}text")]
        self.assertIn("switches", labels)
        self.assertNotIn("pid 100", labels)

    def test_units_go_with_the_length(self):
        for scale, unit in ((1e-4, "us"), (1, "ms"), (1e3, "s")):
            rec = Recording()
            rec.add(POLL, 0, id=1, took=20 * scale, worker=0, pid=50,
                    detail=READY | FIRST)
            labels = [t.text for t in self.page(rec).iter(f"{SVG}text")]
            self.assertIn(unit, labels)


class Text(unittest.TestCase):
    def lanes(self, rec, *args):
        out = draw(rec, *args)[0]
        return {l[:10].strip(): l[10:] for l in out.splitlines()
                if l.startswith(("task ", "weft/", "pid "))}

    def test_lanes(self):
        lanes = self.lanes(workers(3), "--width", "80")
        self.assertEqual(["task A", "task B", "task C", "weft/0"], sorted(lanes))
        self.assertRegex(lanes["weft/0"], r"^A+B+C+\|? +A+B+C+\|?$")
        self.assertRegex(lanes["task B"], r"^-+#+\.+-+#+$")

    def test_threads(self):
        lanes = self.lanes(threads(3), "--width", "120")
        self.assertEqual(6, len(lanes))
        self.assertRegex(lanes["pid 101"], r"^ +B+\| +B+\| +B+\|$")

    def test_pool(self):
        out = draw(pooled(3), "--width", "80")[0]
        lanes = self.lanes(pooled(3), "--width", "80")
        self.assertRegex(lanes["task A"], r"^#+o{20,}-+#+$")
        self.assertIn("o in the blocking pool", out)
        self.assertNotIn("pool", draw(workers(3), "--width", "80")[0])
        self.assertIn("in pool", draw(pooled(40), "--width", "80")[0])

    def test_no_line_is_too_long(self):
        for width in (30, 40, 60, 80, 200):
            for rec in (threads(3), workers(3), workers(1000), threads(40)):
                for line in draw(rec, "--width", str(width))[0].splitlines():
                    self.assertLessEqual(len(line), width, line)

    def test_many_are_counted(self):
        out = draw(workers(1000), "--width", "40")[0]
        for word in ("running", "ready", "waiting", "1,000 tasks"):
            self.assertIn(word, out)
        self.assertNotIn("task A", out)

    def test_plain_where_it_is_no_terminal(self):
        out = draw(workers(3))[0]
        self.assertTrue(out.isascii())
        self.assertNotIn("\033", out)

    def terminal(self, **env):
        path = workers(3).write(os.path.join(DIR, "events"))
        master, slave = pty.openpty()
        run = subprocess.Popen([WEFT, "timeline", "--file", path, "--last", "1h"],
                               stdout=slave, env={"TERM": "xterm", "LC_ALL": "C", **env})
        os.close(slave)
        out = b""
        while True:
            try:
                more = os.read(master, 65536)
            except OSError:
                break
            if not more:
                break
            out += more
        os.close(master)
        self.assertEqual(0, run.wait())
        return out.decode()

    def test_colours_on_a_terminal_only(self):
        self.assertIn("\033[32m", self.terminal())
        self.assertNotIn("\033", self.terminal(NO_COLOR="1"))
        self.assertNotIn("\033", self.terminal(TERM="dumb"))

    def test_utf8_where_it_is_spoken(self):
        out = draw(workers(3), env={"LC_ALL": "C.UTF-8"})[0]
        self.assertIn("\u2588", out)
        self.assertTrue(draw(workers(3), "--ascii", env={"LC_ALL": "C.UTF-8"})[0].isascii())


class BadInput(unittest.TestCase):
    def refused(self, rec, status, *words, args=()):
        got, err = draw(rec, *args, fails=True)
        self.assertEqual(status, got, err)
        for word in words:
            self.assertIn(word, err)

    def test_empty_recorder(self):
        self.refused(Recording(), 4, "flight recorder is empty", "--run")

    def test_nothing_in_that_time(self):
        self.refused(workers(1), 4, "nothing happened", "for this client",
                     args=("--client", "9"))

    def test_recorder_off_and_empty(self):
        self.refused(Recording(state=0), 4, "empty, and off")

    def test_no_recorder(self):
        self.refused(Recording(cpus=0), 4, "recorder=0")

    def test_no_times(self):
        self.refused(Recording(cpus=0, flags=0), 4, "timing=N")

    def test_no_recording(self):
        path = os.path.join(DIR, "garbage")
        for data in (b"", b"weftrec\0", b"x" * 4096):
            with open(path, "wb") as f:
                f.write(data)
            self.refused(path, 4, "no recording")

    def test_cut_recording(self):
        data = threads(3).data()
        path = os.path.join(DIR, "cut")
        for size in (79, 81, 100, 105, len(data) - 1):
            with open(path, "wb") as f:
                f.write(data[:size])
            self.refused(path, 4, "no recording")

    def test_other_version(self):
        rec = threads(1)
        rec.version = 2
        self.refused(rec, 4, "no recording")

    def test_missing_file(self):
        self.refused(os.path.join(DIR, "none"), 2, "No such file")

    def test_overwritten_events_are_told(self):
        rec = threads(4)
        rec.lost[1] = 17
        rec.rings[1] = rec.rings[1][5:]
        out, err = draw(rec, "--format", "json")
        self.assertIn("17 older events were overwritten", err)
        self.assertIn("recorder=", err)
        doc = json.loads(out)
        Json().check(doc)
        self.assertEqual(17, doc["otherData"]["weft"][0]["lost"])

    def test_clock_of_another_cpu(self):
        # It was woken there before it waited here, and runs before it was woken.
        rec = Recording()
        rec.add(POLL, 10, 0, 1, took=2, worker=0, pid=50, detail=WAKER | FIRST)
        rec.add(WAKE, 5, 1, 1, worker=0, pid=9, detail=1)
        rec.add(POLL, 14, 1, 1, took=2, waited=9, worker=1, pid=51, detail=READY)
        doc = load(rec)
        Json().check(doc)
        self.assertEqual([("running", 5000, 7000), ("queued", 7000, 9000),
                          ("running", 9000, 11000)], pieces(doc, 1))
        for fmt in "svg", "text":
            draw(rec, "--format", fmt)

    def test_times_that_cannot_be(self):
        rec = workers(2)
        rec.rings[0].append((2000 * MS, 77, 0, 2**64 - 1, 2**64 - 1, 1, 50, POLL, 200,
                             0, 255))
        doc = load(rec)
        Json().check(doc)
        self.assertEqual(5, doc["otherData"]["weft"][0]["polls"])
        draw(rec, "--format", "svg")
        draw(rec, "--width", "40")

    def test_wrong_words(self):
        self.refused(workers(1), 2, "did you mean 'svg'", args=("--format", "svgs"))
        self.refused(workers(1), 2, "--last wants", args=("--last", "5"))
        self.refused(workers(1), 2, "not both", args=("--run", "nop"))
        self.refused(workers(1), 2, "--both wants --run", args=("--both",))

    def test_place_that_cannot_be_written(self):
        self.refused(workers(1), 2, "cannot be written",
                     args=("-o", os.path.join(DIR, "none", "x.svg")))

    def test_format_by_the_name_of_the_file(self):
        for name, begin in ("x.svg", "<svg"), ("x.json", "{"), ("x.txt", ""):
            path = os.path.join(DIR, name)
            draw(workers(1), "-o", path)
            with open(path) as f:
                self.assertTrue(f.read().startswith(begin), name)


class Html(unittest.TestCase):
    """What is in the page; html_test.py looks at what it does."""

    def test_page_has_all_it_needs(self):
        page = draw(threads(3), "--format", "html", "--title", "A </script> <b>")[0]
        self.assertFalse(re.search(r"<(script|link|img)[^>]*(src|href)=", page))
        self.assertIn("<h1>A &lt;/script> &lt;b></h1>", page)
        self.assertEqual(3, page.count("</script>"))
        data = json.loads(page.split("const WEFT = ")[1].split(";\n</script>")[0])
        self.assertEqual(3, len(data["stories"][0]["lanes"]))
        self.assertEqual(6, sum(s[3] == 0 for l in data["stories"][0]["lanes"]
                                for s in l["slices"]))
        self.assertEqual(3, len(data["stories"][0]["wakes"]))

    def test_page_knows_who_is_in_the_pool(self):
        page = draw(pooled(2), "--format", "html")[0]
        data = json.loads(page.split("const WEFT = ")[1].split(";\n</script>")[0])
        self.assertEqual([[2, 12]], [[f // MS, t // MS] for f, t, kind, *_ in
                                     data["stories"][0]["tasks"][0]["pieces"] if kind == 3])

    def test_two_recordings_have_one_scale(self):
        a = threads(3).write(os.path.join(DIR, "a"))
        page = draw(workers(3), "--file", a, "--format", "html")[0]
        data = json.loads(page.split("const WEFT = ")[1].split(";\n</script>")[0])
        self.assertEqual(2, len(data["stories"]))
        title = f"{os.path.join(DIR, 'events')} and {a}, on one scale of time"
        self.assertEqual(title, page.split("<h1>")[1].split("</h1>")[0])
        self.assertEqual(24 * MS, data["length"])


class Result(unittest.TextTestResult):
    def addSuccess(self, test):
        super().addSuccess(test)
        self.passed = getattr(self, "passed", 0) + 1


def main():
    global WEFT, DIR
    WEFT = os.path.abspath(sys.argv[1])
    with tempfile.TemporaryDirectory() as DIR:
        program = unittest.main(argv=sys.argv[:1] + sys.argv[2:], exit=False,
                                testRunner=unittest.TextTestRunner(
                                    resultclass=Result, stream=sys.stdout))
    result = program.result
    failed = len(result.failures) + len(result.errors)
    print(f"timeline: {getattr(result, 'passed', 0)} passed, {failed} failed, "
          f"{len(result.skipped)} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
