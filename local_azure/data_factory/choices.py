"""How we read what Azure's documents leave open: one switch each (docs/data-factory/open-points.md tells of each)."""

from dataclasses import dataclass
from enum import StrEnum


class LeafReading(StrEnum):
    """What counts for a leaf that was skipped, when the outcome of a pipeline is decided."""

    # All its parents, those of skipped parents in turn.
    ALL_PARENTS = "all-parents"
    # It is enough that one parent is good.
    ANY_PARENT = "any-parent"
    # Its parents alone; one that was skipped itself counts as good, or as bad.
    ONE_LEVEL_SKIPPED_GOOD = "one-level-skipped-good"
    ONE_LEVEL_SKIPPED_BAD = "one-level-skipped-bad"


class UntilOutcome(StrEnum):
    """Which iterations decide whether an Until succeeded, once its expression is true."""

    LAST = "last"
    ALL = "all"


class WebAnswers(StrEnum):
    """What a Web activity takes besides JSON objects and empty answers."""

    # Nothing, as its page says: the activity fails.
    OBJECTS = "objects"
    # Arrays, values and texts as the member `Response` of its output, as some real pipelines read them.
    WRAPPED = "wrapped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """One reading of Data Factory; the defaults are ours."""

    leaf_reading: LeafReading = LeafReading.ALL_PARENTS
    # An inner failure does not stop the loop; a retry loop that succeeds at last has succeeded.
    until_outcome: UntilOutcome = UntilOutcome.LAST
    # The page says true, the specification false.
    execute_pipeline_waits: bool = True
    # Of an activity without timeout in its policy: 12 hours as the authoring UI writes; the specification says 7 days.
    activity_timeout_seconds: int = 12 * 3600
    # An Until that has turned so often without waiting is ended: it would turn until its timeout.
    until_turns: int = 10_000
    # createRun with a parameter that the pipeline does not declare: refused, since a typing error would go unseen.
    refuse_unknown_parameters: bool = True
    web_answers: WebAnswers = WebAnswers.OBJECTS
