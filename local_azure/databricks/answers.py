"""Shapes records as the Jobs API answers them."""

from typing import Any

from local_azure.databricks.records import Record, State

CREATOR = "local-databricks"
# `status.state` of the newer form, for each active life cycle state.
STATUS = {
    "BLOCKED": "BLOCKED",
    "PENDING": "PENDING",
    "QUEUED": "QUEUED",
    "RUNNING": "RUNNING",
    "TERMINATING": "TERMINATING",
    "WAITING_FOR_RETRY": "WAITING",
}


def state_answer(state: State) -> dict[str, Any]:
    """The older form of a state."""
    answer: dict[str, Any] = {
        "life_cycle_state": state.life_cycle,
        "state_message": state.message,
        "user_cancelled_or_timedout": state.result in ("CANCELED", "TIMEDOUT"),
    }
    return answer | ({"result_state": state.result} if state.result else {})


def status_answer(state: State) -> dict[str, Any]:
    """The newer form of a state."""
    if state.active:
        return {"state": STATUS[state.life_cycle]}
    details = {"code": state.code, "type": state.kind, "message": state.message}
    return {"state": "TERMINATED", "termination_details": details}


def run_answer(run: Record, attempts: list[Record], base_url: str, *, held: bool = False) -> dict[str, Any]:
    """The answer of runs/get. A held run is shown as running although it has ended."""
    return {
        **_common(run, base_url, held=held),
        "job_id": run.job_id,
        "number_in_job": run.run_id,
        "original_attempt_run_id": run.run_id,
        "run_name": run.name,
        "run_type": "SUBMIT_RUN",
        "format": "MULTI_TASK",
        "creator_user_name": CREATOR,
        "trigger": "ONE_TIME",
        "tasks": [task_answer(attempt, base_url, held=held) for attempt in attempts],
    }


def task_answer(attempt: Record, base_url: str, *, held: bool = False) -> dict[str, Any]:
    """One entry of `tasks`."""
    return {**attempt.document, **_common(attempt, base_url, held=held), "task_key": attempt.name}


def attempt_answer(attempt: Record, base_url: str, *, held: bool = False) -> dict[str, Any]:
    """runs/get of a task's own run id."""
    return run_answer(attempt, [attempt], base_url, held=held) | {"parent_run_id": attempt.parent_id}


def output_answer(attempt: Record, base_url: str, *, logs: str, logs_truncated: bool) -> dict[str, Any]:
    """The answer of runs/get-output."""
    answer: dict[str, Any] = {
        "metadata": attempt_answer(attempt, base_url),
        "logs": logs,
        "logs_truncated": logs_truncated,
    }
    if "notebook_task" in attempt.document:
        output: dict[str, Any] = {"truncated": attempt.truncated}
        answer["notebook_output"] = output | ({} if attempt.result is None else {"result": attempt.result})
    if attempt.error is not None:
        answer["error"] = attempt.error
    if attempt.error_trace is not None:
        answer["error_trace"] = attempt.error_trace
    return answer


def _common(record: Record, base_url: str, *, held: bool) -> dict[str, Any]:
    state = State(life_cycle="RUNNING", message="In run") if held and not record.state.active else record.state
    ended = record.end_time if not state.active else 0
    began = record.execution_start
    return {
        "run_id": record.run_id,
        "state": state_answer(state),
        "status": status_answer(state),
        "start_time": record.start_time,
        "end_time": ended,
        "setup_duration": began - record.start_time if began else 0,
        "execution_duration": ended - began if ended and began else 0,
        "cleanup_duration": 0,
        "run_duration": ended - record.start_time if ended else 0,
        "attempt_number": record.attempt_number,
        "run_page_url": f"{base_url}/runs/{record.run_id}",
        "cluster_spec": _cluster(record.document),
        "cluster_instance": {"cluster_id": record.document.get("existing_cluster_id", "local")},
    }


def _cluster(document: dict[str, Any]) -> dict[str, Any]:
    return {name: document[name] for name in ("existing_cluster_id", "new_cluster", "libraries") if document.get(name)}
