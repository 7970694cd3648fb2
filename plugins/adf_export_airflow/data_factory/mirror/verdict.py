"""What a task that mirrors an activity must show, given what Data Factory tells of the run. No IO, no clock."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from adf_export_airflow.data_factory.records import FAILED, SUCCEEDED, ActivityRun, PipelineRun, in_order


class Shown(StrEnum):
    """The state of the task."""

    SUCCESS = "success"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """The state, why, and the activity runs that it stands for (none for an activity that did not run)."""

    shown: Shown
    reason: str
    runs: tuple[ActivityRun, ...] = ()


def judge(found: Sequence[ActivityRun], *, retries: int, inside_loop: bool, over: bool) -> Verdict | None:
    """The verdict on one activity, None while it is open.

    Args:
        found: its activity runs: attempts, and iterations where it is inside a loop.
        retries: of its policy.
        inside_loop: whether more iterations may come, so that only what contains it can end it.
        over: whether whatever runs it has ended: no more activity runs will come.
    """
    if any(not run.is_final for run in found) and not over:
        return None
    if not over and (inside_loop or not found):
        return None
    if not found:
        return Verdict(shown=Shown.SKIPPED, reason="did not run")
    runs = tuple(in_order(list(found)))
    if inside_loop:
        return _of_all(runs)
    latest = runs[-1]
    if latest.status == FAILED and len(runs) <= retries and not over:
        return None
    return Verdict(shown=_SHOWN.get(latest.status, Shown.FAILED), reason=_reason(latest), runs=runs)


def judge_pipeline(run: PipelineRun) -> Verdict | None:
    """The verdict on the whole run."""
    if not run.is_final:
        return None
    shown = Shown.SUCCESS if run.status == SUCCEEDED else Shown.FAILED
    return Verdict(shown=shown, reason=f"{run.status}: {run.message}" if run.message else run.status)


def _of_all(attempts: tuple[ActivityRun, ...]) -> Verdict:
    """Of iterations, the last attempt of each: failed where one failed, skipped where all were."""
    runs = tuple({run.iteration or run.activity_run_id: run for run in attempts}.values())
    bad = [run for run in runs if _SHOWN.get(run.status, Shown.FAILED) is Shown.FAILED]
    if bad:
        reasons = "; ".join(dict.fromkeys(_reason(run) for run in bad))
        return Verdict(shown=Shown.FAILED, reason=f"{len(bad)} of {len(runs)} runs failed: {reasons}", runs=runs)
    skipped = all(_SHOWN.get(run.status) is Shown.SKIPPED for run in runs)
    return Verdict(shown=Shown.SKIPPED if skipped else Shown.SUCCESS, reason=f"{len(runs)} runs", runs=runs)


def _reason(run: ActivityRun) -> str:
    said = ": ".join(part for part in (run.error_code, run.error_message) if part)
    return f"{run.status}: {said}" if said else run.status


_SHOWN: Mapping[str, Shown] = {
    SUCCEEDED: Shown.SUCCESS,
    FAILED: Shown.FAILED,
    "Cancelled": Shown.FAILED,
    "Canceled": Shown.FAILED,
    "Skipped": Shown.SKIPPED,
    "Inactive": Shown.SKIPPED,
}


def document(verdict: Verdict) -> dict[str, Any]:
    """As XComs: of one run its output as the task's return value, of several the list of their documents."""
    times = [run.document() for run in verdict.runs]
    outputs = [run.output for run in verdict.runs]
    latest = outputs[-1] if outputs else None
    return {"activity_runs": times, "return_value": latest} if times else {}
