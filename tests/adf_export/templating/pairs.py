"""Reads the pairs of cases/*.txt: a template, below it, indented, the expression or diagnostic codes that it gives.

Lines `# key: value` at the top are settings of the file. `\\n` in a template is a line break. An expectation is a
document's text (`@...`), `= ` and a JSON value, or codes; codes of warnings stand before the text.
"""

from dataclasses import dataclass
from pathlib import Path

CASES = Path(__file__).parent / "cases"


@dataclass(frozen=True, kw_only=True)
class Pair:
    place: str
    template: str
    expected: str
    native: bool


def pairs(folder: Path = CASES) -> list[Pair]:
    return [pair for path in sorted(folder.glob("*.txt")) for pair in _read(path)]


def _read(path: Path) -> list[Pair]:
    lines = path.read_text(encoding="utf-8").splitlines()
    native = "# native: true" in lines
    found = []
    for number, line in enumerate(lines):
        if line.startswith("  ") and line.strip():
            template = lines[number - 1].replace("\\n", "\n")
            found.append(Pair(place=f"{path.stem}:{number}", template=template, expected=line.strip(), native=native))
    return found
