"""Which run a task has started, kept by Airflow over its tries (XComs of a try are gone in the next one)."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from airflow.sdk import Context

_KEY: Final = "adf_pipeline_run"


@dataclass(frozen=True, slots=True, kw_only=True)
class Started:
    """A run, and whether its task has ended well: a try after that is a user's wish for a new run."""

    run_id: str
    delivered: bool


def recall(context: "Context") -> Started | None:
    """What an earlier try of this task instance has started."""
    store: Any = context.get("task_state_store")
    found = store.get(_KEY) if store is not None else None
    if not isinstance(found, dict):
        return None
    return Started(run_id=str(found["run_id"]), delivered=bool(found["delivered"]))


def remember(context: "Context", started: Started) -> None:
    """Keeps it for the tries to come. Outside of a worker (`dag.test`) there is no such store, and no second try."""
    store: Any = context.get("task_state_store")
    if store is not None:
        store.set(_KEY, {"run_id": started.run_id, "delivered": started.delivered})
