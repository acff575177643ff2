#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Writes the manual pages of the weft command: man.py WEFT FOLDER

They are made of what the command says of itself, weft --help and that of each
command, so that they cannot say anything else: FOLDER/weft.1, FOLDER/weft-run.1
and so on. What is beside that is below.
"""
import os
import re
import subprocess
import sys

# Further than any line is long: a paragraph is a line then.
WIDE = {**os.environ, "ARGP_HELP_FMT": "rmargin=10000", "LC_ALL": "C"}

FILES = [
    ("/dev/weft", "the device: a client is an open of it"),
    ("/sys/kernel/debug/weft", "what the kernel counts, for root"),
    ("/sys/module/weft/parameters", "how the module was loaded"),
]
ENVIRONMENT = [
    ("NO_COLOR", "no colours, if it is set and not empty"),
    ("TERM", "dumb: neither colours nor lines that are drawn over"),
]


def help_of(weft, *command):
    return subprocess.run([weft, *command, "--help"], check=True, text=True,
                          env=WIDE, stdout=subprocess.PIPE).stdout


def commands_of(text):
    """The commands in what weft --help says, and the lines that say what they do."""
    found = {}
    for line in text.split("\n"):
        match = re.match(r"  weft ([a-z]+)\b(.*?)(?:  +(.*))?$", line)
        if match and match.group(2).strip() != "--help":
            found.setdefault(match.group(1), match.group(3))
    return found


def quote(text):
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return "\\&" + text if text[:1] in (".", "'") else text


class Page:
    def __init__(self, name, section, title):
        self.lines = [f'.TH {name.upper()} {section} "" weft "{title}"']

    def section(self, name):
        self.lines.append(f".SH {name}")

    def text(self, text):
        self.lines.append(quote(text))

    def paragraphs(self, lines):
        """Lines of text; those with blanks before them are as they stand."""
        verbatim = False
        for line in lines:
            if line.startswith("  ") != verbatim:
                verbatim = not verbatim
                self.lines += [".PP", ".nf"] if verbatim else [".fi", ".PP"]
            elif not line.strip():
                self.lines.append(".PP" if not verbatim else "")
                continue
            self.lines.append(quote(line[2:] if verbatim else line))
        if verbatim:
            self.lines.append(".fi")

    def item(self, name, text):
        self.lines += [".TP", name, quote(text)]

    def save(self, folder, name):
        with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
            file.write('.\\" Made by tools/man.py out of weft --help.\n')
            file.write("\n".join(self.lines) + "\n")


OPTION = re.compile(r"^  (?:(-.), |    )?(--[a-z-]+)(?:=(\S+))?  +(.*)$")


def is_option(line):
    return OPTION.match(line) is not None


def split_help(text):
    """Usages, the lines before the options, those of the options, those after."""
    lines = text.rstrip("\n").split("\n")
    usage = lines.pop(0)[len("Usage: "):]
    first = next(i for i, line in enumerate(lines) if is_option(line))
    while first and re.match(r"^ [A-Z]", lines[first - 1]):
        first -= 1
    last = max(i for i, line in enumerate(lines) if is_option(line))
    after = [line for line in lines[last + 1:] if not line.startswith("Mandatory or")]
    return usage, strip(lines[:first]), lines[first:last + 1], strip(after)


def strip(lines):
    while lines and not lines[0].strip():
        lines = lines[1:]
    while lines and not lines[-1].strip():
        lines = lines[:-1]
    return lines


def options(page, lines):
    page.section("OPTIONS")
    for line in lines:
        match = OPTION.match(line)
        if not match:
            if line.strip():
                page.lines.append(f".SS {quote(line.strip().rstrip(':'))}")
            continue
        short, name, value, text = match.groups()
        bold = f"\\fB{quote(name)}\\fR" + (f"=\\fI{quote(value)}\\fR" if value else "")
        page.item(f"\\fB{quote(short)}\\fR, {bold}" if short else bold, text)


def after_options(page, lines):
    """Notes, and what the exit status means, which has a section of its own."""
    at = next((i for i, line in enumerate(lines)
               if line.startswith("Exit status")), len(lines))
    notes, status = strip(lines[:at]), lines[at:]
    if notes:
        page.section("NOTES")
        page.paragraphs(notes)
    page.section("EXIT STATUS")
    if status:
        rest = status[0][len("Exit status:"):].strip()
        page.paragraphs(([rest] if rest else []) + status[1:])
    else:
        page.text("As weft(1) says.")


def write_page(weft, folder, name, others, *command):
    usage, before, middle, after = split_help(help_of(weft, *command))
    page = Page(name, 1, "User Commands")
    # A first sentence may go on in the next line, where the help was wrapped by hand.
    end = next((i for i, line in enumerate(before) if not line.strip()), len(before))
    whole = " ".join(before[:end])
    first = re.split(r"(?<=[.:]) ", whole)[0].rstrip(".:")
    page.section("NAME")
    page.lines.append(f"{quote(name)} \\- {quote(first[0].lower() + first[1:])}")
    page.section("SYNOPSIS")
    page.lines += [".B " + quote(" ".join(["weft", *command]))]
    page.text(usage[len(" ".join(["weft", *command])):].strip())
    page.section("DESCRIPTION")
    page.paragraphs(before)
    if not command:
        page.section("COMMANDS")
        for other, what in others.items():
            page.item(f"\\fB{quote('weft ' + other)}\\fR", what or "")
    options(page, middle)
    after_options(page, after)
    if not command:
        page.section("ENVIRONMENT")
        for variable, text in ENVIRONMENT:
            page.item(f"\\fB{variable}\\fR", text)
        page.section("FILES")
        for path, text in FILES:
            page.item(f"\\fI{quote(path)}\\fR", text)
    page.section("SEE ALSO")
    see = ["weft"] if command else []
    see += [f"weft-{other}" for other in others if [other] != list(command)]
    page.lines.append(",\n".join(f".BR {quote(one)} (1)" for one in see))
    page.save(folder, f"{name}.1")


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__.split("\n", maxsplit=1)[0])
    weft, folder = sys.argv[1:]
    os.makedirs(folder, exist_ok=True)
    others = commands_of(help_of(weft))
    write_page(weft, folder, "weft", others)
    for command in others:
        write_page(weft, folder, f"weft-{command}", others, command)


if __name__ == "__main__":
    main()
