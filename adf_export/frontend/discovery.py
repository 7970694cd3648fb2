"""Finds DAG files as Airflow does: `.airflowignore`, and by default only files that mention airflow and dag."""

import os
import re
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple, Protocol

from pathspec.patterns.gitignore.spec import GitIgnoreSpecPattern

_IGNORE_FILE: Final = ".airflowignore"
_SYNTAX: Final = "AIRFLOW__CORE__DAG_IGNORE_FILE_SYNTAX"
_SAFE_MODE: Final = "AIRFLOW__CORE__DAG_DISCOVERY_SAFE_MODE"
_COMMENT: Final = re.compile(r"\s*#.*")
_FALSE: Final = frozenset({"f", "false", "0"})


class Rule(Protocol):
    """A line of an ignore file."""

    def judge(self, path: str, *, is_folder: bool) -> bool | None:
        """True: ignored; False: taken back; None: the line is about something else."""


class Glob(NamedTuple):
    """A line as in .gitignore."""

    pattern: GitIgnoreSpecPattern
    # The folder of the ignore file where the line has a slash within; "": it is about names anywhere below.
    base: str
    only_folders: bool

    @classmethod
    def of(cls, line: str, *, folder: str) -> "Glob | None":
        if line.strip() == "/":
            return None
        anchored = line.startswith("/") or "/" in line.rstrip("/")
        return cls(GitIgnoreSpecPattern(line), folder if anchored else "", line.rstrip().endswith("/"))

    def judge(self, path: str, *, is_folder: bool) -> bool | None:
        if self.only_folders and not is_folder:
            return None
        name = os.path.relpath(path, self.base) if self.base else os.path.basename(path)
        name = name.replace(os.sep, "/") + ("/" if is_folder else "")
        matches = self.pattern.include is not None and self.pattern.match_file(name) is not None
        return self.pattern.include if matches else None


class Expression(NamedTuple):
    """A line that is a regular expression, searched in the path below the DAG folder."""

    pattern: re.Pattern[str]
    base: str

    def judge(self, path: str, *, is_folder: bool) -> bool | None:
        return True if self.pattern.search(os.path.relpath(path, self.base)) else None


def dag_files(paths: Sequence[Path]) -> list[Path]:
    """The DAG files of files and folders, absolute and sorted; a file that is named is always one.

    An archive is among them, as Airflow reads those too.
    """
    found: set[Path] = set()
    for path in paths:
        absolute = Path(os.path.abspath(path))
        found.update((_below(absolute)) if absolute.is_dir() else [absolute])
    return sorted(found)


def _below(folder: Path) -> Iterator[Path]:
    safe = os.environ.get(_SAFE_MODE, "true").strip().lower() not in _FALSE
    for path in _walk(str(folder), str(folder), (), frozenset()):
        is_python = path.endswith(".py") and (not safe or might_hold_dags(path))
        if is_python or zipfile.is_zipfile(path):
            yield Path(path)


def might_hold_dags(path: str) -> bool:
    """Airflow's heuristic: the text has "airflow", and "dag" or "asset"."""
    with open(path, "rb") as file:
        text = file.read().lower()
    return b"airflow" in text and (b"dag" in text or b"asset" in text)


def _walk(folder: str, base: str, rules: tuple[Rule, ...], above: frozenset[str]) -> Iterator[str]:
    real = os.path.realpath(folder)
    if real in above:
        return  # a link to a folder around it
    rules = (*rules, *_rules(os.path.join(folder, _IGNORE_FILE), base))
    with os.scandir(folder) as entries:
        for entry in sorted(entries, key=lambda entry: entry.name):
            is_folder = entry.is_dir()
            if entry.name == "__pycache__" or _is_ignored(entry.path, rules, is_folder=is_folder):
                continue
            if is_folder:
                yield from _walk(entry.path, base, rules, above | {real})
            elif entry.is_file():
                yield entry.path


def _is_ignored(path: str, rules: tuple[Rule, ...], *, is_folder: bool) -> bool:
    ignored = False
    for rule in rules:
        judged = rule.judge(path, is_folder=is_folder)
        ignored = ignored if judged is None else judged
    return ignored


def _rules(file: str, base: str) -> Iterator[Rule]:
    if not os.path.isfile(file):
        return
    expressions = os.environ.get(_SYNTAX, "glob").strip() == "regexp"
    for raw in Path(file).read_text(encoding="utf-8").split("\n"):
        line = _COMMENT.sub("", raw)
        if line and expressions:
            yield from _expression(line, base)
        elif line and (glob := Glob.of(line, folder=os.path.dirname(file))):
            yield glob


def _expression(line: str, base: str) -> Iterator[Rule]:
    """Airflow leaves out a line that is no regular expression."""
    try:
        yield Expression(re.compile(line), base)
    except re.error:
        return
