"""Shows a demo's progress: a live table on a terminal, plain lines elsewhere."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime

from rich.console import Console, Group
from rich.live import Live
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from demo.airflow_api import RunState, TaskState

COLOURS = {
    "success": "green",
    "failed": "red",
    "upstream_failed": "red",
    "up_for_retry": "yellow",
    "running": "cyan",
    "deferred": "magenta",
    "queued": "blue",
    "skipped": "bright_black",
}
SIGNS = {"success": "✓", "failed": "✗", "running": "▶", "deferred": "◆", "queued": "…", "up_for_retry": "↻"}
BUSY = ("running", "deferred", "queued", "up_for_retry", "failed")


@dataclass(slots=True, kw_only=True)
class Row:
    """What is known of one planned run."""

    title: str
    run: RunState | None = None
    tasks: tuple[TaskState, ...] = ()

    @property
    def state(self) -> str:
        return self.run.state if self.run else "waiting"

    @property
    def seconds(self) -> float | None:
        if self.run is None or self.run.started is None:
            return None
        return ((self.run.ended or datetime.now(UTC)) - self.run.started).total_seconds()

    @property
    def done(self) -> int:
        return sum(task.state in {"success", "skipped"} for task in self.tasks)


@dataclass(slots=True)
class Screen:
    """Where the user looks while the demo works."""

    console: Console
    rows: list[Row] = field(default_factory=list)
    _live: Live | None = None
    _said: dict[str, str] = field(default_factory=dict)

    def say(self, text: str) -> None:
        """One line, in the user's words."""
        self.console.print(text, markup=False, highlight=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        self.console.print(f"[yellow]{escape(text)}[/yellow]", highlight=False, soft_wrap=True)

    @contextmanager
    def following(self, rows: list[Row]) -> Iterator[None]:
        """Shows these rows until the end of the block."""
        self.rows = rows
        if not self.console.is_terminal:
            yield
            return
        with Live(get_renderable=self._table, console=self.console, refresh_per_second=4) as self._live:
            yield
        self._live = None

    def refresh(self) -> None:
        """Tells what changed since the last time, where no table does."""
        if self._live is not None:
            return
        for row in self.rows:
            for task in row.tasks:
                self._tell(row, task)
            if row.run and row.run.is_final and self._said.get(row.title) != row.state:
                self._said[row.title] = row.state
                self.say(f"{row.title}: {row.state} after {row.seconds or 0:.0f} s")

    def _tell(self, row: Row, task: TaskState) -> None:
        key = f"{row.title}/{task.label}/{task.try_number}"
        if task.state in {"success", "failed", "up_for_retry"} and self._said.get(key) != task.state:
            self._said[key] = task.state
            taken = f" {(task.ended - task.started).total_seconds():.1f} s" if task.started and task.ended else ""
            self.say(f"{row.title}: {task.label} {task.state}{taken}")

    def _table(self) -> Group:
        table = Table(box=None, pad_edge=False, show_header=False)
        for row in self.rows:
            colour = COLOURS.get(row.state, "bright_black")
            seconds = "" if row.seconds is None else f"{row.seconds:4.0f} s"
            table.add_row(
                Text(f"{SIGNS.get(row.state, '·')} {row.title}", style=colour),
                Text(seconds, style="bright_black"),
                Text(f"{row.done}/{len(row.tasks)}" if row.tasks else "", style="bright_black"),
                busy_tasks(row),
            )
        return Group(table)


def busy_tasks(row: Row) -> Text:
    """What a run is doing now."""
    text = Text()
    if row.run and row.run.is_final and row.run.state == "success":
        return text
    for task in row.tasks:
        if task.state in BUSY:
            text.append(f"{SIGNS.get(task.state, '')} {task.label} ", style=COLOURS.get(task.state, ""))
    return text
