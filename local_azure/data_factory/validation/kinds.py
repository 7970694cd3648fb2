"""The kinds of resources that are validated."""

from enum import StrEnum


class Kind(StrEnum):
    """A kind of resource, as facts.json calls it."""

    PIPELINE = "pipeline"
    DATASET = "dataset"
    LINKED_SERVICE = "linkedService"
    TRIGGER = "trigger"
    GLOBAL_PARAMETERS = "globalParameters"
    FACTORY = "factory"

    @property
    def words(self) -> str:
        """What a message calls it."""
        return _WORDS[self]


_WORDS = {
    Kind.PIPELINE: "pipeline",
    Kind.DATASET: "dataset",
    Kind.LINKED_SERVICE: "linked service",
    Kind.TRIGGER: "trigger",
    Kind.GLOBAL_PARAMETERS: "global parameters",
    Kind.FACTORY: "factory",
}
