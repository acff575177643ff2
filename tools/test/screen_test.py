# SPDX-License-Identifier: GPL-2.0-only
"""weft top on a terminal: keys are sent, and the screen is looked at (tmux)."""
import itertools
import os
import re
import shutil
import subprocess
import time
import unittest

from tables import WEFT, Folder, grid, offender, task, worker

PATIENCE = 20

NUMBERS = itertools.count()


@unittest.skipUnless(shutil.which("tmux"), "no tmux")
class ScreenTest(unittest.TestCase):
    def setUp(self):
        self.folder = Folder(
            workers=[worker(0, "polling", polls=100), worker(1)],
            tasks=[task(n, op=f"op{n}", state="running" if n == 3 else "waiting",
                        run_ns=(50 - n) * 1000, polls=n + 1) for n in range(50)],
            offences=[offender("op1", lost=1)])
        self.addCleanup(self.folder.remove)
        # One that is just ending may not be asked for another session.
        self.name = f"weft-test-{os.getpid()}-{next(NUMBERS)}"
        self.addCleanup(self.tmux, "kill-server", check=False)

    def tmux(self, *args, check=True):
        return subprocess.run(["tmux", "-L", self.name, "-f", "/dev/null", *args],
                              capture_output=True, text=True, check=check,
                              timeout=PATIENCE).stdout

    def start(self, width=100, height=30, env="", args=""):
        # What is left on the screen when it has ended is looked at, too.
        self.tmux("new-session", "-d", "-x", str(width), "-y", str(height),
                  f"{env} {WEFT} top --dir {self.folder.path} --delay 50ms {args};"
                  " echo ended with $?; exec cat")

    def screen(self):
        return self.tmux("capture-pane", "-p")

    def until(self, seen, what):
        """Looks until the screen is as it should be."""
        end = time.monotonic() + PATIENCE
        while True:
            screen = self.screen()
            if seen(screen):
                return screen
            if time.monotonic() > end:
                self.fail(f"not seen: {what}\n{screen}")
            time.sleep(0.02)

    def until_text(self, text):
        return self.until(lambda screen: text in screen, text)

    def keys(self, *keys):
        self.tmux("send-keys", *keys)

    def selected(self, screen):
        return [line.split()[1:] for line in screen.splitlines()
                if line.startswith("> ")]

    def quit(self):
        self.keys("q")
        self.until_text("ended with 0")

    def test_tasks_are_shown(self):
        self.start()
        screen = self.until_text("op0")
        self.assertIn("2 workers", screen)
        self.assertIn("0  polling", screen)
        self.assertIn("warnings: L lost waker 1", screen)
        self.assertEqual(grid(screen)[0]["ID"].strip("> "), "0")
        self.quit()

    def test_views(self):
        self.start()
        self.until_text("op0")
        for key, text in (("w", "Coop/s"), ("c", "Credits"), ("o", "Busy/poll"),
                          ("f", "Nothing could have woken it"), ("?", "select a row"),
                          ("t", "Sched")):
            self.keys(key)
            self.until_text(text)
        self.quit()

    def test_sorting(self):
        self.start()
        self.until_text("ID^")
        for _ in range(4):
            self.keys(">")
        self.until_text("Busy^")
        self.until(lambda s: " 49 " in s and " op0 " not in s, "the least busy first")
        self.keys("r")
        self.until_text("Busyv")
        self.until(lambda s: " op0 " in s and " op49 " not in s, "the most busy first")
        self.keys("<")
        self.until_text("Total")
        self.quit()

    def test_selection_goes_with_its_job(self):
        self.start()
        self.until_text("op0")
        self.keys("Down", "Down", "Down")
        self.until(lambda s: "op3" in str(self.selected(s)), "job 3 selected")
        # A job before it ends.
        self.folder.write("tasks", self.folder.files["tasks"][1:])
        self.until(lambda s: " op0 " not in s and "op3" in str(self.selected(s)),
                   "job 3 still selected")
        self.keys("End")
        self.until(lambda s: "op49" in str(self.selected(s)), "the last one")
        self.keys("Home")
        self.until(lambda s: "op1'" in str(self.selected(s)), "the first one")
        self.quit()

    def test_detail_and_back(self):
        self.start()
        self.until_text("op0")
        self.keys("Down", "Enter")
        screen = self.until_text("job 1 (op1) of client 1")
        self.assertIn("a point in time (timer)", screen)
        self.keys("Escape")
        self.until_text("ID^")
        self.quit()

    def test_detail_ends_with_the_job(self):
        self.start()
        self.until_text("op0")
        self.keys("Enter")
        self.until_text("job 0 (op0) of client 1")
        self.folder.write("tasks", self.folder.files["tasks"][1:])
        self.until(lambda s: "ID^" in s and " op0 " not in s, "the table again")
        self.quit()

    def test_it_goes_on_by_itself_unless_paused(self):
        self.start()
        self.until_text("op0")
        self.folder.write("tasks", [task(1, op="fresh")])
        self.until_text("fresh")
        self.keys("p")
        self.until_text("paused")
        self.folder.write("tasks", [task(1, op="later")])
        # Time enough for some looks, if there were any; right without it as well.
        time.sleep(0.3)
        self.assertIn("fresh", self.screen())
        self.keys("p")
        self.until_text("later")
        self.quit()

    def test_forty_columns(self):
        self.start(width=40, height=20)
        screen = self.until_text("op0")
        self.assertLessEqual(max(len(l) for l in screen.splitlines()), 40)
        # None is cut off at the right.
        titles = next(l for l in screen.splitlines() if "ID^" in l).split()
        self.assertEqual(titles, ["Warn", "ID^", "State", "Name", "Total", "Waits"])
        first = grid(screen)[0]
        for column in ("ID", "State", "Name"):
            self.assertTrue(first[column], column)
        self.quit()

    def test_resize(self):
        self.start(width=120, height=40)
        self.until_text("Worker")
        self.tmux("resize-window", "-x", "40", "-y", "10")
        self.until(lambda s: len(s.splitlines()) <= 10 and "Worker" not in s and
                   "op0" in s, "fewer columns")
        self.tmux("resize-window", "-x", "120", "-y", "40")
        self.until_text("Worker")
        self.quit()

    def test_tiny(self):
        self.start(width=20, height=2)
        self.until_text("weft 1 clients")
        self.quit()

    def colours(self, env):
        self.start(env=env)
        self.until_text("op0")
        return re.search("\x1b\\[([0-9]+;)*3[0-7]m", self.tmux("capture-pane", "-p", "-e"))

    def test_colours(self):
        self.assertTrue(self.colours("env -u NO_COLOR"))
        self.quit()

    def test_no_color(self):
        self.assertFalse(self.colours("NO_COLOR=1"))
        self.quit()

    def test_dumb_terminal_is_told_what_to_do(self):
        self.start(env="TERM=dumb")
        screen = self.until_text("ended with 2")
        self.assertIn("use weft top --once", screen)

    def test_unknown_terminal_is_told_what_to_do(self):
        self.start(env="TERM=no-such-terminal")
        screen = self.until_text("ended with 2")
        self.assertIn("use weft top --once", screen)

    def test_folder_that_goes_is_complained_of_after_the_screen(self):
        self.start()
        self.until_text("op0")
        os.unlink(self.folder.path + "/workers")
        screen = self.until_text("ended with 3")
        self.assertIn("workers No such file", screen)

    def test_interrupt(self):
        self.start()
        self.until_text("op0")
        self.keys("C-c")
        self.until_text("ended with 0")
