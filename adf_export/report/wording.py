"""Sentences that several forms of the report have in common."""

from collections import Counter
from collections.abc import Iterable

from adf_export.codes import NO_NATIVE_ACTIVITY
from adf_export.report.model import ActivityReport, Report, TaskReport


def counted(count: int, noun: str) -> str:
    """
    >>> counted(1, "DAG"), counted(2, "activity")
    ('1 DAG', '2 activities')
    """
    plural = f"{noun[:-1]}ies" if noun.endswith("y") else f"{noun}s"
    return f"{count:,} {noun if count == 1 else plural}"


def summary(report: Report) -> str:
    """One line: how much became what."""
    totals = report.totals()
    left_out = totals["dags"] - totals["dags_exported"]
    dags = f"{counted(totals['dags'], 'DAG')}: {totals['dags_exported']:,} exported, {left_out:,} left out"
    verdicts = ", ".join(f"{totals[name]:,} {name}" for name in ("native", "approximated", "refused"))
    made = f"{counted(totals['activities'], 'activity')}, of them {counted(totals['helpers'], 'helper')}"
    return f"{dags}; {counted(totals['tasks'], 'task')}: {verdicts}; {made}"


def becomes(task: TaskReport) -> str:
    """The activities of a task: WebActivity extract + 1 helper."""
    work = ", ".join(f"{activity.type} {activity.name}" for activity in task.activities if not activity.helper)
    helpers = sum(activity.helper for activity in task.activities)
    more = counted(helpers, "helper") if helpers else ""
    return " + ".join(part for part in (work, more) if part)


def types_of(activities: Iterable[ActivityReport]) -> str:
    """Types and how often: Copy, 2 WebActivity."""
    counts = Counter(activity.type for activity in activities)
    return ", ".join(f"{count} {type}" if count > 1 else type for type, count in sorted(counts.items()))


def told_codes(report: Report) -> Counter[str]:
    """How often each code was told."""
    return Counter(found.code for found in report.all_diagnostics())


def without_activity(report: Report) -> list[tuple[str, int]]:
    """Operators that have no activity, and of how many tasks; the most frequent first."""
    counts = Counter(
        task.operator
        for _, task in report.tasks()
        if any(found.code == NO_NATIVE_ACTIVITY.id for found in task.diagnostics)
    )
    return sorted(counts.items(), key=lambda pair: (-pair[1], pair[0]))
