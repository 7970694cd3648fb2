"""Pipeline runs and activity runs as we keep them: what Azure's client answers, reduced to plain JSON values."""

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

SUCCEEDED: Final = "Succeeded"
FAILED: Final = "Failed"
CANCELLED: Final = "Cancelled"
FINAL: Final = frozenset({SUCCEEDED, FAILED, CANCELLED})


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelineRun:
    """One run; `group_id` is the id of the first run of a chain of reruns."""

    run_id: str
    group_id: str
    pipeline: str
    status: str
    message: str
    started: datetime | None
    ended: datetime | None

    @property
    def is_final(self) -> bool:
        return self.status in FINAL

    @classmethod
    def of(cls, model: Any) -> "PipelineRun":
        return cls(
            run_id=model.run_id,
            group_id=model.run_group_id or model.run_id,
            pipeline=model.pipeline_name,
            status=model.status,
            message=model.message or "",
            started=model.run_start,
            ended=model.run_end,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityRun:
    """One attempt of one activity; in a loop each iteration has its own."""

    activity_run_id: str
    name: str
    kind: str
    status: str
    started: datetime | None
    ended: datetime | None
    duration_in_ms: int | None
    output: Any
    error_code: str
    error_message: str
    # The same for all attempts of one iteration of a loop; empty outside of loops.
    iteration: str

    @property
    def is_final(self) -> bool:
        return self.status not in {"Queued", "InProgress"}

    @classmethod
    def of(cls, model: Any) -> "ActivityRun":
        error = model.error if isinstance(model.error, dict) else {}
        return cls(
            activity_run_id=model.activity_run_id,
            name=model.activity_name,
            kind=model.activity_type,
            status=model.status,
            started=model.activity_run_start,
            ended=model.activity_run_end,
            duration_in_ms=model.duration_in_ms,
            output=model.output,
            error_code=str(error.get("errorCode") or ""),
            error_message=str(error.get("message") or ""),
            # The client has no attribute for it; the service sends it.
            iteration=str(model.get("iterationHash") or ""),
        )

    def document(self) -> dict[str, Any]:
        """As an XCom: times as ISO 8601, empty fields left out."""
        found = asdict(self)
        for name in ("started", "ended"):
            if found[name] is not None:
                found[name] = found[name].isoformat()
        return {name: value for name, value in found.items() if value not in (None, "")}


def in_order(runs: list[ActivityRun]) -> list[ActivityRun]:
    """By their start; what has none comes last."""
    return sorted(runs, key=lambda run: (run.started is None, run.started, run.name))


def documents(runs: list[ActivityRun]) -> dict[str, Any]:
    """Activity name: its run, or a list where there were several (iterations, attempts)."""
    found: dict[str, Any] = {}
    for run in in_order(runs):
        found.setdefault(run.name, []).append(run.document())
    return {name: several[0] if len(several) == 1 else several for name, several in found.items()}


def explain(run: PipelineRun, activities: list[ActivityRun], page: str) -> str:
    """Why a run did not succeed, in a few lines: its message, then each activity that failed with its error."""
    lines = [f"Pipeline {run.pipeline!r} {run.status.lower()} (run {run.run_id}): {run.message or 'no message'}"]
    for activity in in_order(activities):
        if activity.status in (FAILED, CANCELLED):
            code = f" {activity.error_code}" if activity.error_code else ""
            lines.append(f"  activity {activity.name!r} {activity.status.lower()}{code}: {activity.error_message}")
    return "\n".join([*lines, f"  {page}"])
