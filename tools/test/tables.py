# SPDX-License-Identifier: GPL-2.0-only
"""Folders like /sys/kernel/debug/weft, made of what a test says, and a weft command
that looks at them."""
import contextlib
import fcntl
import os
import pty
import re
import shutil
import struct
import subprocess
import tempfile
import termios

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WEFT = os.environ.get("WEFT", os.path.join(TREE, "build/tools/weft"))

COLUMNS = {
    "engines": "engine workers threads threads_created threads_peak voluntary"
               " involuntary polls coop_switches wakes parks yields timer_interrupts"
               " accepted done queued running waiting",
    "workers": "worker pid voluntary involuntary polls coop_switches wakes parks"
               " yields moves timer_interrupts state",
    "clients": "client pid comm engine credits accepted done reaped queued running"
               " waiting polls wakes bytes refused uid",
    "ops": "op done failed cancelled expired polls wakes moves punts queued_ns run_ns"
           " blocked_ns",
    "offences": "op slept long preempt rcu lock lost",
    "tasks": "id client pid op state cancelled waits since_us polls worker tid tag"
             " deadline_ns user_data wakes moves queued_ns run_ns blocked_ns",
    "histograms": "from_ns to_ns async_wake_to_poll async_poll_time"
                  " threads_wake_to_poll threads_poll_time",
}

WORDS = {
    "engines": {"engine": "async"},
    "workers": {"state": "parked"},
    "clients": {"comm": "prog", "engine": "async"},
    "ops": {"op": "nop"},
    "offences": {"op": "nop"},
    "tasks": {"op": "sleep", "state": "waiting", "cancelled": "no", "waits": "timer"},
    "histograms": {},
}

PARAMETERS = {"max_threads": 100, "max_punts": 32, "max_user_clients": 10,
              "max_user_credits": 1000, "poll_budget_us": 10000, "timing": "Y"}


def row(file, **cells):
    """A row of the file: 0 and usual words where nothing is said."""
    names = COLUMNS[file].split()
    unknown = set(cells) - set(names)
    assert not unknown, unknown
    return [str(cells.get(n, WORDS[file].get(n, 0))) for n in names]


def worker(number, state="parked", **cells):
    return row("workers", worker=number, pid=100 + number, state=state, **cells)


def client(number, **cells):
    cells = {"pid": 500 + number, "credits": 64, "bytes": 4096, **cells}
    return row("clients", client=number, **cells)


def task(number, **cells):
    cells = {"client": 1, "pid": 501, "polls": 1, "tid": 100, **cells}
    return row("tasks", id=number, **cells)


def offender(op, **counts):
    return row("offences", op=op, **counts)


class Folder:
    """A machine with two idle workers and one client, but for what is said."""

    def __init__(self, parameters=None, **files):
        self.path = tempfile.mkdtemp(prefix="weft-test-")
        self.files = {
            "engines": [row("engines", engine="async", workers=2, threads=2),
                        row("engines", engine="threads")],
            "workers": [worker(0), worker(1)],
            "clients": [client(1)],
            "ops": [row("ops", op=op) for op in ("nop", "sleep", "spin")],
            "histograms": [row("histograms")],
            "offences": [],
            "tasks": [],
        }
        self.files.update(files)
        os.mkdir(os.path.join(self.path, "parameters"))
        for name, value in {**PARAMETERS, **(parameters or {})}.items():
            with open(os.path.join(self.path, "parameters", name), "w",
                      encoding="ascii") as out:
                out.write(f"{value}\n")
        for name in self.files:
            self.write(name)

    def write(self, name, rows=None):
        """In one step, for somebody may be reading."""
        if rows is not None:
            self.files[name] = rows
        lines = [COLUMNS[name].split()] + self.files[name]
        path = os.path.join(self.path, name)
        with open(path + ".new", "w", encoding="ascii") as out:
            out.writelines("  ".join(line) + "\n" for line in lines)
        os.rename(path + ".new", path)

    def remove(self):
        shutil.rmtree(self.path)


def weft(*args, **env):
    """Return: what it printed, what it complained of, its exit status."""
    clean = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES")}
    ran = subprocess.run([WEFT, *args], capture_output=True, text=True, check=False,
                         stdin=subprocess.DEVNULL, env={**clean, **env}, timeout=60)
    return ran.stdout, ran.stderr, ran.returncode


def on_terminal(columns, *args):
    """What it prints on a terminal that is so wide, without colours."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([WEFT, *args], stdin=subprocess.DEVNULL, stdout=slave,
                          env={**os.environ, "NO_COLOR": "1"}) as run:
        os.close(slave)
        out = b""
        # Linux ends it with an error.
        with contextlib.suppress(OSError):
            while more := os.read(master, 65536):
                out += more
    os.close(master)
    assert run.returncode == 0, run.returncode
    return out.decode().replace("\r\n", "\n")


def grid(text):
    """The table of a page, as a list of dicts: the columns begin at "Warn" or so."""
    lines = text.splitlines()
    for at, line in enumerate(lines):
        if re.match(r"(> |  )?(Warn|Worker|Client|Op)[v^]? +[A-Z]", line):
            break
    else:
        return []
    titles = [(m.group(1), m.start(), m.end())
              for m in re.finditer(r"(\S+(?: job)?)", lines[at])]
    rows = []
    for line in lines[at + 1:]:
        if not line.strip() or line.startswith(("...", "(none)")):
            break
        rows.append(cells_of(line, titles))
    return rows


def cells_of(line, titles):
    """A cell belongs to the title that it overlaps."""
    cells = {title.rstrip("v^"): "" for title, _, _ in titles}
    for m in re.finditer(r"\S+(?: (?:ns|us|ms|s|B|KiB|MiB)\b)?", line):
        for title, start, end in titles:
            if m.start() < end and m.end() > start:
                cells[title.rstrip("v^")] = m.group(0)
    return cells
