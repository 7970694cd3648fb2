"""What an activity type is to the interpreter, and what its executor may use.

An executor is one coroutine: it evaluates its properties through the context, does its work and returns its output. It
raises ActivityError to fail. The interpreter around it does the rest: dependencies, retries, timeout (by cancelling the
coroutine), records, masking, restarts.
"""

import datetime
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, Protocol

from adf_lang.scope import MISSING
from local_azure.data_factory.choices import Choices
from local_azure.data_factory.errors import Problem

if TYPE_CHECKING:
    from local_azure.data_factory.records import PipelineRun
    from local_azure.data_factory.services import Services

Json = Any


class AfterRestart(Enum):
    """What becomes of an attempt that was running when the service was killed."""

    # Nothing outside changes by doing it again: the attempt is made again.
    REPEAT = "repeat"
    # The executor finds in its checkpoint how far it came and goes on from there.
    RESUME = "resume"
    # It may have had an effect: the attempt has failed, and the policy's retries decide.
    FAIL = "fail"


class Checkpoint(Protocol):
    """A small durable memory of one attempt: what was put survives kill -9 and is there in the attempt after."""

    def get(self, key: str) -> Json | None:
        """What was put under this key, None if nothing was."""

    def put(self, key: str, value: Json) -> None:
        """Keeps a JSON value; returns when it is durable."""


class Resources(Protocol):
    """The other documents of the factory, as they are now. Names are found whatever their case."""

    def dataset(self, name: str) -> Mapping[str, Json]:
        """`properties` of a dataset; ActivityError where there is none."""

    def linked_service(self, name: str) -> Mapping[str, Json]:
        """`properties` of a linked service; ActivityError where there is none."""


class Evaluate(Protocol):
    """Evaluates expressions wherever they stand in a JSON value: "@..", "..@{..}..", {"value", "type": "Expression"}.

    Raises ActivityError (code "InvalidTemplate") that names the property's path.
    """

    def __call__(
        self,
        value: Json,
        *,
        path: str = "$",
        dataset: Mapping[str, Json] | None = None,
        linked_service: Mapping[str, Json] | None = None,
        item: Json = MISSING,
    ) -> Json:
        """The value with all expressions evaluated; `dataset` and `linked_service` are what dataset() and
        linkedService() give inside the documents of those, `item` what item() gives inside a Filter."""


class Flow(Protocol):
    """What a control activity may do besides: run activities inside it, set variables, start pipelines."""

    async def run(
        self, activities: Sequence[Json], *, part: str, item: Json = MISSING, visible_after: bool = False
    ) -> "Inner":
        """Runs the activities inside; `part` tells this time from others ("[3]", "true"), `item` is item()'s value.

        Where they are `visible_after`, expressions outside can name them from then on, as they ended this time.
        """

    def remember(self, name: str, compute: Callable[[], Json]) -> Json:
        """What was computed under this name before a restart, else what is computed now; kept before it is returned."""

    def variable(self, name: str) -> Json:
        """The value of a variable now."""

    def set_variable(self, name: str, value: Json) -> None:
        """Sets a variable; ActivityError where there is none or the type does not fit."""

    def set_return_value(self, values: Mapping[str, Json]) -> None:
        """Adds to what the pipeline returns."""

    def start_pipeline(self, name: str, parameters: Mapping[str, Json]) -> str:
        """Starts a run of another pipeline, once, also over a restart, and gives its id."""

    async def wait_for(self, run_id: str) -> "PipelineRun":
        """The run of another pipeline when it has ended. Cancelled, it cancels that run if the cancel is recursive."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Inner:
    """How the activities inside a control activity ended."""

    succeeded: bool
    # Of the activity that decided it; empty where all is well.
    failed: str = ""
    message: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityContext:
    """What the executor of one attempt is given."""

    name: str
    # The whole activity, unevaluated; use `properties` and `evaluate`.
    document: Mapping[str, Json]
    evaluate: Evaluate
    resources: Resources
    services: "Services"
    checkpoint: Checkpoint
    # The run: RunId, Pipeline, DataFactory ...: what pipeline() gives besides parameters.
    system: Mapping[str, Json]
    activity_run_id: str
    # 0 for the first attempt.
    retry: int
    # When the policy's timeout ends the attempt.
    deadline: datetime.datetime
    # Records what was sent or asked, for the monitoring page; called before the work is done, so that a failed attempt
    # shows it too. Masked and, with secureInput, hidden by the interpreter.
    record_input: Callable[[Json], None]
    # Names a text that no record may show from now on.
    mask: Callable[[str], None]
    # For control activities.
    flow: Flow | None = None
    # How Azure's silence is read.
    choices: Choices = field(default_factory=Choices)
    # Asked when the executor is cancelled. True: the service stops, the attempt goes on after the next start. False:
    # the attempt ends here, and so must what it started elsewhere.
    stopping: Callable[[], bool] = field(default=lambda: False)

    @property
    def properties(self) -> Mapping[str, Json]:
        """`typeProperties`, unevaluated."""
        found: Mapping[str, Json] = self.document.get("typeProperties", {})
        return found

    def value(self, name: str, default: Json = None) -> Json:
        """One type property, evaluated; the default where it is not there."""
        if name not in self.properties:
            return default
        return self.evaluate(self.properties[name], path=f"$.typeProperties.{name}")


Executor = Callable[[ActivityContext], Awaitable[dict[str, Json]]]
# Refuses, when a pipeline is PUT, what this type has and the executor does not do; paths are relative to the activity.
Refuse = Callable[[Mapping[str, Json]], Iterable[Problem]]


def _nothing(activity: Mapping[str, Json]) -> Iterable[Problem]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ActivityType:
    """An activity type that is executed here: one line in `activities.TYPES`."""

    name: str
    run: Executor
    # The type properties that are honoured; any other one is refused by name when the pipeline is PUT.
    properties: frozenset[str]
    # One for all, or what the activity's document says: a GET may be repeated, a POST may not.
    after_restart: AfterRestart | Callable[[Mapping[str, Json]], AfterRestart]
    # True: Data Factory has the whole policy for it (timeout, retry, ...); False: none of it.
    policy: bool = True
    refuse: Refuse = field(default=_nothing)

    def when_restarted(self, activity: Mapping[str, Json]) -> AfterRestart:
        """What becomes of an interrupted attempt of this activity."""
        return self.after_restart if isinstance(self.after_restart, AfterRestart) else self.after_restart(activity)
