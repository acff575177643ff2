# SPDX-License-Identifier: GPL-2.0-only
"""The manual pages and the completion name all that weft --help names."""
import os
import re
import subprocess
import tempfile
import unittest

from tables import WEFT

TOOLS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..")
COMPLETE = """
PATH=$1:$PATH
source "$2"
shift 2
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_weft
printf '%s\\n' "${COMPREPLY[@]}"
"""


def help_of(*command):
    return subprocess.run([WEFT, *command, "--help"], check=True, text=True,
                          stdout=subprocess.PIPE).stdout


def commands():
    return sorted(set(re.findall(r"^  weft ([a-z]+)", help_of(), re.M)))


def options(*command):
    return sorted(set(re.findall(r"^ +(?:-., )?(--[a-z-]+)", help_of(*command), re.M)))


def complete(*words):
    path = os.path.dirname(os.path.abspath(WEFT))
    script = os.path.join(TOOLS, "completion", "weft.bash")
    shown = subprocess.run(["bash", "-c", COMPLETE, "bash", path, script, "weft", *words],
                           check=True, text=True, stdout=subprocess.PIPE).stdout
    return sorted(shown.split())


class PagesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.folder = tempfile.TemporaryDirectory()
        subprocess.run([os.path.join(TOOLS, "man.py"), WEFT, cls.folder.name], check=True)

    @classmethod
    def tearDownClass(cls):
        cls.folder.cleanup()

    def page(self, name):
        path = os.path.join(self.folder.name, name + ".1")
        shown = subprocess.run(["groff", "-man", "-ww", "-Tascii", "-P-c", path],
                               check=True, text=True, capture_output=True)
        self.assertEqual("", shown.stderr, name)
        return re.sub(".\b", "", shown.stdout)

    def test_each_command_has_a_page_with_its_options(self):
        self.assertLess(10, len(commands()))
        for command in commands():
            text = self.page("weft-" + command)
            self.assertLess(3, len(options(command)), command)
            for option in options(command):
                self.assertRegex(text, re.escape(option) + r"\b", command)

    def test_the_page_of_all_names_the_commands(self):
        text = self.page("weft")
        for command in commands():
            self.assertIn(f"weft-{command}(1)", text)
        for option in options():
            self.assertIn(option, text)
        for section in ("EXIT STATUS", "ENVIRONMENT", "FILES", "SEE ALSO"):
            self.assertIn("\n" + section + "\n", text)


class CompletionTest(unittest.TestCase):
    def test_commands(self):
        self.assertEqual(commands(), complete(""))
        self.assertEqual(["card", "copy"], complete("c"))

    def test_options_of_each_command(self):
        for command in commands():
            self.assertEqual(options(command), complete(command, "--"), command)

    def test_values(self):
        self.assertEqual(["async", "threads"], complete("run", "nop", "--engine", ""))
        self.assertEqual(["threads"], complete("copy", "-e", "t"))
        self.assertEqual(["threads"], complete("copy", "--engine", "=", "t"))
        self.assertEqual(["sha256"], complete("verify", "--algorithm", "s"))
        self.assertEqual(["sleep", "spin"], complete("run", "s"))

    def test_else_files(self):
        self.assertEqual([], complete("graph", "x"))
        self.assertEqual([], complete("copy", "a", ""))
