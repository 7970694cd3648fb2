"""The durable side of one run: the records of its activities, what it remembers, the order in which things ended."""

import datetime
import uuid
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from adf_lang.json_reader import read_json
from adf_lang.text import write_json
from local_azure.data_factory.documents import Activity
from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.masking import Masks
from local_azure.data_factory.records import ActivityRun, ActivityStatus, PipelineRun, RunStore

Json = Any
MICROSECOND = datetime.timedelta(microseconds=1)
# What a record shows of an input or output that the policy hides.
HIDDEN_INPUT = {"secureInput": "hidden"}
HIDDEN_OUTPUT = {"secureOutput": "hidden"}
# How many characters of an error a record keeps.
MESSAGE_LENGTH = 8000


class Seal(Protocol):
    """Encrypts what must be kept and not shown."""

    def seal(self, text: str) -> str:
        """The text, encrypted."""

    def unseal(self, sealed: str, /) -> str:
        """The opposite of `seal`."""


class Journal:
    """Writes the records of a run and knows those that were there before a restart."""

    def __init__(self, run: PipelineRun, store: RunStore, seal: Seal, now: Callable[[], datetime.datetime]) -> None:
        self.masks = Masks()
        self._run = run
        self._store = store
        self._seal = seal
        self._clock = now
        self._memory = dict(store.memory(run.run_id))
        # By key, attempts in their order.
        self.known: dict[str, list[ActivityRun]] = defaultdict(list)
        records = store.activities(run.run_id)
        for record in sorted(records, key=lambda record: record.attempt):
            self.known[record.key].append(record)
        # In the order in which they ended.
        self.ended = sorted((record for record in records if record.end), key=lambda record: record.end or record.start)
        self._last_end = max([run.created, *(record.end or record.start for record in self.ended)])

    def begin(
        self, activity: Activity, *, key: str, attempt: int, iteration: str, user_properties: Mapping[str, str]
    ) -> ActivityRun:
        """Records that an attempt starts."""
        record = ActivityRun(
            activity_run_id=str(uuid.uuid4()),
            run_id=self._run.run_id,
            key=key,
            attempt=attempt,
            name=activity.name,
            type=activity.type,
            status=ActivityStatus.IN_PROGRESS,
            start=self.now(),
            linked_service=_linked_service(activity.document),
            user_properties={name: self.masks.text(value) for name, value in user_properties.items()},
            iteration=iteration,
        )
        return self.save(record)

    def given(self, record: ActivityRun, activity: Activity, value: Json) -> ActivityRun:
        """Records the input of an attempt that runs."""
        shown = HIDDEN_INPUT if activity.policy.secure_input else self.masks.json(value)
        return self.save(replace(record, input=shown))

    def succeeded(self, record: ActivityRun, activity: Activity, output: Mapping[str, Json]) -> ActivityRun:
        """Records the output; what may not be shown of it is kept beside, encrypted, for later expressions."""
        shown: Json = HIDDEN_OUTPUT if activity.policy.secure_output else self.masks.json(output)
        hidden = None if shown == output else self._seal.seal(write_json(output))
        status = ActivityStatus.SUCCEEDED
        return self.save(replace(record, status=status, end=self.now(), output=shown, hidden_output=hidden))

    def failed(self, record: ActivityRun, error: ActivityError) -> ActivityRun:
        """Records why an attempt failed, and what it had to show."""
        return self.save(
            replace(
                record,
                output=self.masks.json(error.output),
                status=ActivityStatus.FAILED,
                end=self.now(),
                error_code=error.code,
                error_message=self.masks.text(error.message)[:MESSAGE_LENGTH],
                failure_type=error.failure_type,
            )
        )

    def cancelled(self, record: ActivityRun) -> ActivityRun:
        """Records that an attempt was ended from outside."""
        return self.save(replace(record, status=ActivityStatus.CANCELLED, end=self.now()))

    def not_run(self, activity: Activity, *, key: str, iteration: str, status: ActivityStatus) -> ActivityRun:
        """The one record of an activity that is skipped or inactive; not saved yet."""
        now = self.now()
        return ActivityRun(
            activity_run_id=str(uuid.uuid4()),
            run_id=self._run.run_id,
            key=key,
            attempt=0,
            name=activity.name,
            type=activity.type,
            status=status,
            start=now,
            end=now,
            iteration=iteration,
        )

    def taken_over(self, before: ActivityRun, *, iteration: str) -> ActivityRun:
        """The record of the run before as one of this run; not saved yet."""
        return replace(before, activity_run_id=str(uuid.uuid4()), run_id=self._run.run_id, iteration=iteration)

    def save(self, record: ActivityRun) -> ActivityRun:
        self._store.save_activities([record])
        return record

    def save_new(self, records: Sequence[ActivityRun]) -> None:
        """Saves the records that were not there before a restart."""
        new = [record for record in records if record.key not in self.known]
        if new:
            self._store.save_activities(new)

    def output(self, record: ActivityRun) -> Json:
        """What expressions see of a record's output."""
        if record.hidden_output is not None:
            return read_json(self._seal.unseal(record.hidden_output))
        return record.output if record.output is not None else {}

    def remember(self, key: str, compute: Callable[[], Json]) -> Json:
        """What was kept under a key, else what is computed now; kept before it is returned."""
        if key not in self._memory:
            self.keep(key, compute())
        return self._memory[key]

    def recall(self, key: str) -> Json | None:
        """What was kept under a key."""
        return self._memory.get(key)

    def keep(self, key: str, value: Json) -> None:
        """Keeps a value durably."""
        self._store.remember(self._run.run_id, key, value)
        self._memory[key] = value

    def now(self) -> datetime.datetime:
        """The time, later than any time before: records that end sort in the order in which they ended."""
        self._last_end = max(self._clock(), self._last_end + MICROSECOND)
        return self._last_end


def _linked_service(document: Mapping[str, Json]) -> str:
    reference = document.get("linkedServiceName")
    return str(reference.get("referenceName", "")) if isinstance(reference, Mapping) else ""
