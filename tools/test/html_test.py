#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""
The page of weft timeline in a browser without a window: what it shows, and what zooming,
pointing, clicking and following wakes do.

    html_test.py WEFT CHROMIUM
"""
import html
import json
import os
import re
import subprocess
import sys
import tempfile

from recording import pooled, threads, workers

FLAGS = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
         "--disable-background-networking", "--disable-component-update", "--disable-sync",
         "--window-size=1200,900"]

# Runs in the page, after its own script. Each test is true, or says what it saw.
STEPS = r"""
const results = {};

function test(name, fn) {
	try {
		results[name] = fn();
	} catch (e) {
		results[name] = String(e);
	}
}

function same(expected, got) {
	return JSON.stringify(expected) === JSON.stringify(got) || JSON.stringify(got);
}

/* An event of the mouse at a time, in a row of a story. */
function mouse(type, s, ns, kind, index, more) {
	const row = row_of(s, kind, index), box = s.canvas.getBoundingClientRect();
	const E = type === "wheel" ? WheelEvent : MouseEvent;

	s.canvas.dispatchEvent(new E(type, Object.assign({
		bubbles: true, cancelable: true, view: window,
		clientX: box.left + scale()(ns), clientY: box.top + row.y + row.height / 2,
	}, more)));
}

const [t, w] = stories, tip = document.querySelector("#tip");
const chosen = () => document.querySelector("#chosen").textContent;
const near = (ns, to) => Math.abs(ns - to) < 1e3 || ns;

test("both stories are there, on one axis", () =>
	same([2, [0, 24e6], 3, 1], [document.querySelectorAll("section canvas").length,
				    scale().domain(), t.lanes.length, w.lanes.length]));
test("rows are as many as lanes and tasks", () =>
	same([[3, 3], [1, 3]], [t, w].map((s) => ["lane", "task"].map((type) =>
		s.rows.filter((r) => r.type === type).length))));
test("something is drawn where a task runs", () => {
	const row = row_of(w, "lane", 0), ratio = window.devicePixelRatio || 1;
	const p = w.canvas.getContext("2d").getImageData(
		(scale()(1e6)) * ratio, (row.y + 6) * ratio, 1, 1).data;

	return same([31, 95, 153], Array.from(p).slice(0, 3));
});
test("a poll that is pointed at says its job", () => {
	mouse("mousemove", w, 4e6, "lane", 0);
	return /task B: sleep, job 1048577 of client 1/.test(tip.textContent) &&
		/polled for 3 ms, from 3 ms/.test(tip.textContent) &&
		/was ready for 3 ms before/.test(tip.textContent) &&
		/waited for a timer/.test(tip.textContent) &&
		tip.style.display === "block" || tip.textContent;
});
test("a wait that is pointed at says for what", () => {
	mouse("mousemove", w, 8e6, "task", 0);
	return /task A/.test(tip.textContent) && /waits for a timer/.test(tip.textContent) ||
		tip.textContent;
});
test("a thread that is switched out says so", () => {
	mouse("mousemove", t, 2e6, "lane", 0);
	return /pid 100: switched out/.test(tip.textContent) || tip.textContent;
});
test("nothing is said of an empty place", () => {
	mouse("mousemove", t, 23e6, "task", 0);
	return same(["none", ""], [tip.style.display, tip.textContent]);
});
test("there is no next wake of nothing", () =>
	document.querySelector("#next").disabled);
test("a click chooses a job", () => {
	mouse("click", w, 4e6, "lane", 0);
	return same([1, 1], [view.story, view.task]) === true &&
		/task B/.test(chosen()) || chosen();
});
test("next wake goes there and says by whom", () => {
	document.querySelector("#next").click();
	return /woken at 15 ms by timer, in weft\/0/.test(chosen()) || chosen();
});
test("the wheel zooms both stories where it turns", () => {
	const before = scale().invert(scale()(5e6));

	document.querySelector("#reset").click();
	mouse("wheel", t, 5e6, "lane", 0, { deltaY: -500 });
	const [from, to] = scale().domain();

	return view.transform.k > 1.5 && to - from < 16e6 && from < 5e6 && to > 5e6 &&
		near(before, 5e6) === true &&
		same(d3.zoomTransform(t.canvas).toString(), d3.zoomTransform(w.canvas).toString());
});
test("zoomed in, next wake centers it", () => {
	view.wake = -1;
	mouse("wheel", t, 5e6, "lane", 0, { deltaY: -1500 });
	document.querySelector("#next").click();
	const [from, to] = scale().domain();

	return to - from < 5e6 ? near((from + to) / 2, 15e6) : to - from;
});
test("all of it goes back", () => {
	document.querySelector("#reset").click();
	return same([0, 24e6], scale().domain().map(Math.round));
});
test("lanes can be threads only", () => {
	document.querySelector("input[value=threads]").click();
	return same([3, 0], ["lane", "task"].map((type) =>
		t.rows.filter((r) => r.type === type).length));
});
test("lanes can be tasks only", () => {
	document.querySelector("input[value=tasks]").click();
	return same([0, 3], ["lane", "task"].map((type) =>
		t.rows.filter((r) => r.type === type).length));
});
/* Last: after a drag, d3 takes no clicks until the browser is idle. */
test("dragging goes along", () => {
	document.querySelector("input[value=both]").click();
	mouse("wheel", w, 12e6, "lane", 0, { deltaY: -1500 });
	const [from] = scale().domain();
	const at = scale().invert(600);

	mouse("mousedown", w, at, "lane", 0);
	window.dispatchEvent(new MouseEvent("mousemove", { view: window, bubbles: true,
		clientX: w.canvas.getBoundingClientRect().left + 500,
		clientY: w.canvas.getBoundingClientRect().top + 40 }));
	window.dispatchEvent(new MouseEvent("mouseup", { view: window, bubbles: true }));
	return scale().domain()[0] > from || scale().domain()[0];
});

const pre = document.createElement("pre");
pre.id = "result";
pre.textContent = JSON.stringify(results);
document.body.appendChild(pre);
"""

MANY = r"""
const results = {};
const rows = (type) => stories[0].rows.filter((r) => r.type === type).length;

results["10,000 tasks are an area"] = rows("task") === 0 && rows("tasks") === 1;
move_to(d3.zoomIdentity.translate(LEFT - 500 * base(20e6), 0).scale(500));
results["few of them that are seen have rows"] = rows("tasks") === 1 || rows("task") > 0;
const pre = document.createElement("pre");
pre.id = "result";
pre.textContent = JSON.stringify(results);
document.body.appendChild(pre);
"""


POOL = r"""
const results = {}, s = stories[0], tip = document.querySelector("#tip");
const c = s.canvas.getBoundingClientRect();
const row = s.rows.find((r) => r.type === "task" && r.index === 1);
const x = scale()(8e6), y = row.y + row.height / 2;

s.canvas.dispatchEvent(new MouseEvent("mousemove", { view: window, bubbles: true,
	clientX: c.left + x, clientY: c.top + y }));
results["a task in the blocking pool says so"] =
	/task B.*\nis in the blocking pool\n10 ms/.test(tip.textContent) || tip.textContent;
const at = (dy) => s.canvas.getContext("2d").getImageData(
	x * (window.devicePixelRatio || 1), (y + dy) * (window.devicePixelRatio || 1), 1, 1)
	.data.slice(0, 3).join();
results["its row is ruled there"] = d3.range(-3, 4).some((dy) => at(dy) !== at(0));
move_to(d3.zoomIdentity);
const pre = document.createElement("pre");
pre.id = "result";
pre.textContent = JSON.stringify(results);
document.body.appendChild(pre);
"""


def run(weft, chromium, work, recordings, steps):
    page = os.path.join(work, "page.html")
    files = []
    for n, rec in enumerate(recordings):
        files += ["--file", rec.write(os.path.join(work, f"rec{n}"))]
    subprocess.run([weft, "timeline", *files, "--last", "1h", "-o", page], check=True)
    with open(page) as f:
        text = f.read()
    with open(page, "w") as f:
        f.write(text.replace("</body>", f"<script>{steps}</script></body>"))
    profile = tempfile.mkdtemp(dir=work)
    dom = subprocess.run([chromium, *FLAGS, f"--user-data-dir={profile}", "--dump-dom",
                          f"file://{page}"], capture_output=True, text=True,
                         timeout=300).stdout
    found = re.search(r'<pre id="result">(.*?)</pre>', dom, re.S)
    if not found:
        return {"the page ran": "it left no results"}
    return json.loads(html.unescape(found.group(1)))


def main():
    weft, chromium = map(os.path.abspath, sys.argv[1:3])
    with tempfile.TemporaryDirectory() as work:
        results = run(weft, chromium, work, [threads(3), workers(3)], STEPS)
        results.update(run(weft, chromium, work, [workers(10000)], MANY))
        results.update(run(weft, chromium, work, [pooled(3)], POOL))
    failed = 0
    for name, result in results.items():
        print(f"{'ok' if result is True else 'not ok'} - {name}")
        if result is not True:
            failed += 1
            print(f"#   {result}")
    print(f"html: {len(results) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
