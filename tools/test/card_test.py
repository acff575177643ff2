# SPDX-License-Identifier: GPL-2.0-only
"""weft card: text, JSON and the picture of a card that was measured before."""
import collections
import json
import os
import re
import tempfile
import unittest
import xml.etree.ElementTree as ET

from tables import on_terminal, weft

SVG = "{http://www.w3.org/2000/svg}"
NAMES = ["kthread_switch", "coop_switch", "wake_threads", "wake_async",
         "bytes_threads", "bytes_async"]


def figure(low, median, high, rounds=100):
    return {"min": low, "median": median, "p99": high, "rounds": rounds}


def card(**figures):
    """A card of a machine of this kind, but for what is said."""
    usual = {
        "kthread_switch": figure(1000, 2000, 9000),
        "coop_switch": figure(100, 200, 300),
        "wake_threads": figure(20000, 30000, 90000, 200),
        "wake_async": figure(10000, 20000, 80000, 200),
        "bytes_threads": figure(26726, 26726, 26726, 3),
        "bytes_async": figure(282, 286, 294, 3),
    }
    return {"machine": "Linux 6.1, x86_64, 2 CPUs", "module": "2 workers",
            "others": 0, "took_ns": 3200000000, "figures": {**usual, **figures}}


def width(text, size):
    """Of letters of a common font, at most."""
    return len(text) * size * 0.62


class Box:
    """Where a text of the picture is."""

    def __init__(self, element):
        size = 12 if element.get("class") == "tick" else int(element.get("font-size", 14))
        self.text = "".join(element.itertext())
        wide = width(self.text, size)
        x = float(element.get("x"))
        x -= {"end": wide, "middle": wide / 2}.get(element.get("text-anchor"), 0)
        self.left, self.right = x, x + wide
        self.bottom = float(element.get("y"))
        self.top = self.bottom - size

    def overlaps(self, other):
        return (self.left < other.right and other.left < self.right and
                self.top < other.bottom and other.top < self.bottom)


class CardTest(unittest.TestCase):
    def show(self, what, *args):
        handle, path = tempfile.mkstemp(prefix="weft-card-")
        self.addCleanup(os.unlink, path)
        with os.fdopen(handle, "w", encoding="utf-8") as out:
            out.write(what if isinstance(what, str) else json.dumps(what))
        return weft("card", "--from", path, *args)

    def shown(self, what, *args):
        out, err, status = self.show(what, *args)
        self.assertEqual((err, status), ("", 0))
        return out

    def test_text_has_each_figure_with_its_unit(self):
        rows = [re.split(r"  +", line.strip()) for line in self.shown(card()).splitlines()]
        self.assertIn(["threads", "kthread switch", "1.00 us", "2.00 us", "9.00 us", "100"],
                      rows)
        self.assertIn(["async", "coop switch", "100 ns", "200 ns", "300 ns", "100"], rows)
        self.assertIn(["async", "wake latency", "10.0 us", "20.0 us", "80.0 us", "200"],
                      rows)
        self.assertIn(["async", "a waiter", "282 B", "286 B", "294 B", "3"], rows)
        self.assertIn(["median of threads: 10 times that of async"], rows)

    def test_text_says_what_each_figure_includes(self):
        out = self.shown(card())
        for text in ("the time of a context switch", "with that poll", "timer's interrupt",
                     "the kernel thread with its stack"):
            self.assertIn(text, " ".join(out.split()))

    def test_text_fits_a_terminal(self):
        self.assertLessEqual(max(map(len, self.shown(card()).splitlines())), 80)

    def test_narrow_terminal_has_all_of_it(self):
        disturbed = card()
        disturbed["others"] = 7
        wide = self.shown(disturbed)
        with tempfile.NamedTemporaryFile("w", suffix=".json", encoding="utf-8") as f:
            json.dump(disturbed, f)
            f.flush()
            out = on_terminal(40, "card", "--from", f.name)
        self.assertLessEqual(max(map(len, out.splitlines())), 40)
        # Not cut, but on more lines: the same words, but for the head of the table.
        words = collections.Counter(wide.split())
        words.subtract(["engine"])
        self.assertEqual(+words, collections.Counter(out.split()))
        rows = [re.split(r"  +", line.strip()) for line in out.splitlines()]
        at = rows.index(["threads", "kthread switch"])
        self.assertEqual(["1.00 us", "2.00 us", "9.00 us", "100"], rows[at + 1])

    def test_jobs_of_others_are_told(self):
        self.assertNotIn("others", self.shown(card()).split("What is in them")[0])
        disturbed = card()
        disturbed["others"] = 7
        self.assertIn("7 jobs of others wanted the CPU", self.shown(disturbed))

    def test_figure_that_was_not_measured(self):
        what = card(kthread_switch=figure(0, 0, 0, 0))
        self.assertRegex(self.shown(what), r"threads +kthread switch +not measured")
        self.assertIn("not measured", self.shown(what, "--svg"))

    def test_json_there_and_back(self):
        out = self.shown(card(), "--json")
        told = json.loads(out)
        self.assertEqual(list(told["figures"]), NAMES)
        for name, wanted in card()["figures"].items():
            self.assertEqual({k: told["figures"][name][k] for k in wanted}, wanted)
        self.assertEqual([f["unit"] for f in told["figures"].values()],
                         ["ns"] * 4 + ["B"] * 2)
        self.assertTrue(all(f["includes"] for f in told["figures"].values()))
        self.assertEqual(self.shown(out, "--json"), out)

    def picture(self, what):
        return ET.fromstring(self.shown(what, "--svg"))

    def test_picture_has_a_bar_for_each_figure(self):
        root = self.picture(card())
        groups = {g.get("id"): g for g in root.iter(SVG + "g")}
        self.assertEqual([n for n in groups if n != "legend"], NAMES)
        for name in NAMES:
            self.assertEqual(len(groups[name].findall(SVG + "rect")), 1, name)
            self.assertEqual(len(groups[name].findall(SVG + "line")), 1, name)

    def test_bars_are_where_the_axis_says(self):
        """Ten times as much is as far right everywhere."""
        what = card(kthread_switch=figure(100, 1000, 10000), coop_switch=figure(10, 10, 100))
        groups = {g.get("id"): g for g in self.picture(what).iter(SVG + "g")}
        rect = groups["kthread_switch"].find(SVG + "rect")
        low, median = float(rect.get("x")), float(
            groups["kthread_switch"].find(SVG + "line").get("x1"))
        high = low + float(rect.get("width"))
        self.assertAlmostEqual(median - low, high - median, delta=0.3)
        other = groups["coop_switch"].find(SVG + "rect")
        self.assertAlmostEqual(float(other.get("width")), median - low, delta=0.3)
        self.assertAlmostEqual(float(other.get("x")) + float(other.get("width")), low,
                               delta=0.3)

    def test_values_have_units(self):
        values = [t.text for t in self.picture(card()).iter(SVG + "text")
                  if t.get("class") == "value"]
        self.assertEqual(values, ["2.00 us", "200 ns", "30.0 us", "20.0 us", "26.1 KiB",
                                  "286 B"])

    def check_texts(self, what):
        root = self.picture(what)
        boxes = [Box(t) for t in root.iter(SVG + "text")]
        for i, box in enumerate(boxes):
            self.assertGreaterEqual(box.left, 0, box.text)
            self.assertLessEqual(box.right, float(root.get("width")), box.text)
            self.assertLessEqual(box.bottom, float(root.get("height")), box.text)
            for other in boxes[:i]:
                self.assertFalse(box.overlaps(other), (box.text, other.text))

    def test_texts_do_not_overlap(self):
        self.check_texts(card())
        # From one nanosecond to a hundred seconds: as many marks as there can be.
        self.check_texts(card(coop_switch=figure(1, 5, 100000000000)))

    def test_picture_of_a_machine_with_odd_letters(self):
        what = card()
        what["machine"] = "<&> \x01 machine"
        text = "".join(self.picture(what).itertext())
        self.assertIn("<&>   machine", text)

    def test_zero_is_drawn(self):
        self.picture(card(wake_async=figure(0, 0, 0)))

    def test_file_that_is_no_card(self):
        wrong = card()
        del wrong["figures"]["coop_switch"]
        backwards = card(coop_switch=figure(3, 2, 1))
        for what in ("", "[]", "{}", wrong, backwards, card(coop_switch=figure(-1, 1, 1)),
                     card(coop_switch=figure("1", 1, 1))):
            out, err, status = self.show(what)
            self.assertEqual((out, status), ("", 2), what)
            self.assertIn("is not a card", err)
        self.assertEqual(weft("card", "--from", "/nowhere")[2], 2)

    def test_wrong_command_lines(self):
        self.assertEqual(weft("card", "--json", "--svg")[2], 2)
        self.assertEqual(weft("card", "--form")[2], 2)
