# SPDX-License-Identifier: GPL-2.0-only
"""weft top without a terminal: what is printed of a folder."""
import unittest

from tables import (Folder, client, grid, offender, on_terminal, row, task, weft,
                    worker)


class TopTest(unittest.TestCase):
    def folder(self, **files):
        folder = Folder(**files)
        self.addCleanup(folder.remove)
        return folder

    def top(self, folder, *args):
        out, err, status = weft("top", "--once", "--dir", folder.path, *args)
        self.assertEqual((err, status), ("", 0))
        return out

    def warnings(self, folder):
        """The letters of each task, and the line that counts all."""
        out = self.top(folder)
        line = [l for l in out.splitlines() if l.startswith("warnings:")]
        return [r["Warn"] for r in grid(out)], line[0]

    def test_idle_machine_has_no_tasks_and_no_warnings(self):
        out = self.top(self.folder())
        self.assertIn("2 workers, 0 threads, 1 clients, 0 jobs", out)
        self.assertIn("0 polling, 2 parked, switched out: 0 ready, 0 blocked", out)
        self.assertIn("warnings: none", out)
        self.assertIn("(none)", out)

    def test_columns_of_tasks_are_those_of_tokio_console(self):
        out = self.top(self.folder(tasks=[task(7)]))
        self.assertEqual(list(grid(out)[0])[:9],
                         ["Warn", "ID", "State", "Name", "Total", "Busy", "Sched",
                          "Idle", "Polls"])

    def test_what_goes_on_comes_to_the_time_of_its_kind(self):
        times = {"queued_ns": 2000, "run_ns": 3000, "blocked_ns": 4000,
                 "since_us": 10}
        tasks = [task(1, state="queued", waits="turn", **times),
                 task(2, state="running", waits="-", **times),
                 task(3, state="waiting", **times)]
        rows = grid(self.top(self.folder(tasks=tasks)))
        self.assertEqual([r["Total"] for r in rows], ["19.0 us"] * 3)
        self.assertEqual([r["Sched"] for r in rows], ["12.0 us", "2.00 us", "2.00 us"])
        self.assertEqual([r["Busy"] for r in rows], ["3.00 us", "13.0 us", "3.00 us"])
        self.assertEqual([r["Idle"] for r in rows], ["4.00 us", "4.00 us", "14.0 us"])

    def test_every_column_sorts_both_ways(self):
        tasks = [task(n, run_ns=k * 1000, queued_ns=k * 900, blocked_ns=k * 800,
                      polls=k, wakes=k - 1, op=op, client=k)
                 for n, k, op in ((5, 2, "spin"), (6, 3, "work"), (4, 1, "nop"))]
        folder = self.folder(tasks=tasks)
        for column in ("ID", "Name", "Total", "Busy", "Sched", "Idle", "Polls"):
            up = grid(self.top(folder, "--sort", column))
            self.assertEqual([r["ID"] for r in up], ["4", "5", "6"], column)
            down = grid(self.top(folder, "--sort", column, "--reverse"))
            self.assertEqual([r["ID"] for r in down], ["6", "5", "4"], column)

    def test_times_are_sorted_as_times(self):
        tasks = [task(1, run_ns=2000000), task(2, run_ns=999000), task(3, run_ns=5)]
        rows = grid(self.top(self.folder(tasks=tasks), "--sort", "busy"))
        self.assertEqual([r["Busy"] for r in rows], ["5 ns", "999 us", "2.00 ms"])

    def test_rows_are_counted_that_are_not_shown(self):
        folder = self.folder(tasks=[task(n) for n in range(100)])
        out = self.top(folder)
        self.assertEqual(len(grid(out)), 40)
        self.assertIn("... and 60 more", out)
        self.assertEqual(len(grid(self.top(folder, "--rows", "0"))), 100)
        self.assertEqual(len(grid(self.top(folder, "--rows", "3"))), 3)

    def test_ten_thousand_tasks(self):
        folder = self.folder(tasks=[task(n, run_ns=n) for n in range(10000)])
        out = self.top(folder, "--sort", "busy", "--reverse", "--rows", "1")
        self.assertEqual(grid(out)[0]["ID"], "9999")
        self.assertIn("10,000 jobs", out)

    def test_microstates_of_workers(self):
        states = ("polling", "parked", "ready", "blocked")
        folder = self.folder(workers=[worker(n, s) for n, s in enumerate(states)],
                             tasks=[task(9, state="running", worker=0, op="spin"),
                                    task(8, state="queued", worker=2)])
        out = self.top(folder, "--view", "workers")
        self.assertEqual([r["State"] for r in grid(out)], list(states))
        self.assertEqual([r["Queued"] for r in grid(out)], ["0", "0", "1", "0"])
        self.assertEqual(grid(out)[0]["Polls job"], "9:spin")
        self.assertIn("1 polling, 1 parked, switched out: 1 ready, 1 blocked", out)

    def test_first_look_has_no_rates(self):
        rows = grid(self.top(self.folder(workers=[worker(0, polls=5)]),
                             "--view", "workers"))
        self.assertEqual(rows[0]["Polls/s"], "-")

    def test_second_look_has_rates(self):
        out, _, status = weft("top", "--batch", "--count", "2", "--delay", "50ms",
                              "--view", "workers", "--dir", self.folder().path)
        self.assertEqual(status, 0)
        first, second = out.split("\n\n")
        self.assertEqual(grid(first)[0]["Polls/s"], "-")
        self.assertEqual(grid(second)[0]["Polls/s"], "0")

    def test_clients_have_their_credits(self):
        folder = self.folder(clients=[client(3, accepted=9, done=5, reaped=4,
                                             comm="x", engine="threads")])
        found = grid(self.top(folder, "--view", "clients"))[0]
        self.assertEqual((found["Client"], found["Name"], found["Engine"],
                          found["Used"], found["Credits"]),
                         ("3", "x", "threads", "5", "64"))

    def test_ops_have_their_offences(self):
        folder = self.folder(offences=[offender("spin", long=3)])
        rows = {r["Op"]: r for r in grid(self.top(folder, "--view", "ops"))}
        self.assertEqual((rows["spin"]["Long"], rows["nop"]["Long"]), ("3", "0"))

    def test_self_waking(self):
        tasks = [task(1, polls=1000, wakes=10, run_ns=1000000),
                 task(2, polls=1000, wakes=999, run_ns=1000000),
                 task(3, polls=99, run_ns=1000),
                 # It computes: a slice a poll.
                 task(4, polls=1000, run_ns=1000 * 100000)]
        letters, line = self.warnings(self.folder(tasks=tasks))
        self.assertEqual(letters, ["S", "", "", ""])
        self.assertEqual(line, "warnings: S self-waking 1")

    def test_never_yields(self):
        tasks = [task(1, state="running", since_us=10001, worker=0),
                 task(2, state="running", since_us=9999, worker=1),
                 # A thread of its own may.
                 task(3, state="running", since_us=99999, worker="-")]
        self.assertEqual(self.warnings(self.folder(tasks=tasks))[0], ["Y", "", ""])

    def test_budget_is_the_modules(self):
        folder = self.folder(tasks=[task(1, state="running", since_us=600, worker=0)],
                             parameters={"poll_budget_us": 500})
        self.assertEqual(self.warnings(folder)[0], ["Y"])

    def test_blocked_worker(self):
        folder = self.folder(workers=[worker(0, "blocked"), worker(1, "polling")],
                             tasks=[task(1, state="running", worker=0),
                                    task(2, state="running", worker=1),
                                    task(3, state="queued", worker=0)])
        letters, line = self.warnings(folder)
        self.assertEqual(letters, ["B", "", ""])
        self.assertEqual(line, "warnings: B blocked its worker 1")
        self.assertIn("worker 0 sleeps in its poll, with 1 more in its run queue",
                      self.top(folder, "--view", "findings").replace("\n    ", " "))

    def test_queued_too_long(self):
        tasks = [task(1, state="queued", since_us=100001),
                 task(2, state="queued", since_us=99999),
                 task(3, state="waiting", since_us=999999)]
        folder = self.folder(tasks=tasks)
        self.assertEqual(self.warnings(folder)[0], ["Q", "", ""])
        out = self.top(folder, "--queued-limit", "10ms")
        self.assertEqual([r["Warn"] for r in grid(out)], ["Q", "Q", ""])

    def test_stepped_jobs_are_queued_for_as_long_as_one_likes(self):
        stepped = task(1, state="queued", since_us=999999, worker="-", tid=0)
        folder = self.folder(tasks=[stepped])
        self.assertEqual(self.warnings(folder)[0], [""])
        self.assertIn("runs    when its client is stepped", self.top(folder, "--task", "1:1"))

    def test_lost_waker(self):
        _, line = self.warnings(self.folder(offences=[offender("sleep", lost=2)]))
        self.assertEqual(line, "warnings: L lost waker 1")

    def test_caps(self):
        full = {"credits": 8, "accepted": 8}
        for files, caps in (
                ({"clients": [client(1, **full)]}, 0),
                ({"clients": [client(1, refused=1, **full)]}, 1),
                ({"clients": [client(1, refused=1, credits=9, accepted=8)]}, 0),
                ({"clients": [client(n) for n in range(10)]}, 1),
                ({"clients": [client(n) for n in range(9)]}, 0),
                ({"clients": [client(n, uid=n % 2) for n in range(10)]}, 0),
                ({"clients": [client(1, credits=1000)]}, 1),
                ({"tasks": [task(n, waits="punt") for n in range(33)]}, 1),
                ({"tasks": [task(n, waits="punt") for n in range(32)]}, 0),
                ({"engines": [row("engines", engine="threads", threads=100)]}, 1),
                ({"engines": [row("engines", engine="threads", threads=99)]}, 0)):
            _, line = self.warnings(self.folder(**files))
            self.assertEqual(line, f"warnings: C cap reached {caps}" if caps else
                             "warnings: none", files)

    def test_detail_of_a_job(self):
        ranges = [row("histograms", from_ns=0, to_ns=0, async_poll_time=4),
                  row("histograms", from_ns=1, to_ns=1, async_poll_time=2,
                      threads_poll_time=77)]
        folder = self.folder(tasks=[task(7, state="waiting", waits="timer", tag=5,
                                         since_us=1000, polls=4, wakes=2, run_ns=1000000)],
                             histograms=ranges)
        out = self.top(folder, "--task", "1:7")
        for text in ("job 7 (sleep) of client 1 (prog, pid 501)",
                     "state   waiting, for 1.00 ms", "a point in time (timer)",
                     "on worker 0", "tag     5",
                     "polls   4: 2 after a wake, 1 turns that it gave itself",
                     "busy    1.00 ms  50% ############\n",
                     "idle    1.00 ms  50% ############\n",
                     "of all jobs on engine async",
                     "time from wake to poll: nothing timed",
                     "up to    1 ns          4 ########################\n",
                     "up to    2 ns          2 ############\n"):
            self.assertIn(text, out)

    def test_detail_on_a_narrow_terminal(self):
        ranges = [row("histograms", from_ns=2 ** n, to_ns=2 ** (n + 1) - 1,
                      async_poll_time=1000 * n) for n in range(1, 9)]
        folder = self.folder(tasks=[task(7, state="running", waits="-", polls=1234567,
                                         wakes=1000, run_ns=1000, deadline_ns=1)],
                             clients=[client(1, comm="a-program-name")],
                             histograms=ranges)
        out = on_terminal(40, "top", "--once", "--task", "1:7", "--dir", folder.path)
        self.assertLessEqual(max(map(len, out.splitlines())), 40)
        said = " ".join(out.split())
        for text in ("job 7 (sleep) client 1 (a-program-name, pid 501)",
                     "for nothing: it is being polled, or ends",
                     "1,234,567: 1,000 after a wake, 1,233,566 turns that it gave itself",
                     "at its next turn: its deadline has passed"):
            self.assertIn(text, said)
        # Bars are shorter, not cut: each of these is longer than the one before.
        bars = [l.count("#") for l in out.splitlines() if "up to" in l]
        self.assertEqual(bars, sorted(set(bars)))
        self.assertEqual(bars[-1], 13)

    def test_detail_of_a_job_that_is_gone(self):
        out, err, status = weft("top", "--task", "1:7", "--dir", self.folder().path)
        self.assertEqual((out, status), ("", 2))
        self.assertIn("client 1 has no job 7", err)

    def test_folder_that_is_none(self):
        out, err, status = weft("top", "--once", "--dir", "/nowhere")
        self.assertEqual((out, status), ("", 3))
        self.assertIn("/nowhere/engines No such file", err)

    def test_table_without_a_column(self):
        folder = self.folder()
        with open(folder.path + "/workers", "w", encoding="ascii") as out:
            out.write("worker pid\n0 1\n")
        _, err, status = weft("top", "--once", "--dir", folder.path)
        self.assertEqual(status, 3)
        self.assertIn("workers is not the table this command expects", err)

    def test_wrong_command_lines(self):
        for args in (["--view", "jobs"], ["--sort", "Colour"], ["--delay", "1ms"],
                     ["--count", "0"], ["--task", "7"], ["--queued-limit", "soon"],
                     ["--view", "findings", "--sort", "ID"]):
            _, err, status = weft("top", *args)
            self.assertEqual(status, 2, args)
            self.assertIn("weft top: ", err)


class DoctorTest(unittest.TestCase):
    def doctor(self, *args, **files):
        folder = Folder(**files)
        self.addCleanup(folder.remove)
        return weft("doctor", "--dir", folder.path, *args)

    def test_healthy(self):
        out, err, status = self.doctor()
        self.assertEqual((err, status), ("", 0))
        self.assertIn("Nothing found.", out)
        self.assertTrue(out.endswith("doctor: well\n"))

    def test_finding_has_evidence_and_advice(self):
        out, _, status = self.doctor(
            tasks=[task(1, polls=1000, run_ns=1000000)])
        self.assertEqual(status, 1)
        flat = " ".join(out.split())
        self.assertIn("S self-waking: 1 job 1 (sleep) of client 1: 999 of its 1,000 polls"
                      " were turns that it gave itself, 1.00 us each", flat)
        self.assertIn("wait for an event or a time", flat)
        self.assertTrue(out.endswith("doctor: found: see above\n"))

    def test_many_are_counted(self):
        out, _, status = self.doctor(
            tasks=[task(n, state="queued", since_us=200000) for n in range(50)])
        self.assertEqual(status, 1)
        self.assertIn("Q queued too long: 50", out)
        self.assertIn("... and 45 more", out)

    def test_every_offence_is_told(self):
        out, _, status = self.doctor(offences=[
            offender("a", slept=1, long=2, preempt=3, rcu=4, lock=5, lost=6)])
        self.assertEqual(status, 1)
        flat = " ".join(out.split())
        for text in ("op a: 1 polls slept", "op a: 2 polls took longer",
                     "op a: 3 polls returned with preemption",
                     "op a: 4 polls returned with an RCU section open",
                     "op a: 5 polls returned with other locks",
                     "op a: 6 jobs lost their last waker"):
            self.assertIn(text, flat)

    def test_json(self):
        import json
        out, _, status = self.doctor("--json", offences=[offender("a", lost=6)])
        told = json.loads(out)
        self.assertEqual(status, 1)
        self.assertEqual(told["verdict"], "found")
        self.assertEqual([(f["finding"], f["subject"]) for f in told["findings"]],
                         [("lost waker", "op a")])
        self.assertEqual(told["counts"]["lost waker"], 1)
        self.assertTrue(told["findings"][0]["advice"])

    def test_could_not_look(self):
        out, err, status = weft("doctor", "--dir", "/nowhere")
        self.assertEqual(status, 2)
        self.assertIn("/nowhere/engines No such file", err)
        self.assertIn("doctor: could not look", out)

    def test_lines_fit_a_narrow_terminal(self):
        out, _, _ = self.doctor(offences=[offender("a", slept=1)])
        self.assertLessEqual(max(len(l) for l in out.splitlines()), 80)

    def test_wrong_command_line(self):
        self.assertEqual(weft("doctor", "--queued-limit", "x")[2], 2)
