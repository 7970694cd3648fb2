"""Limits of Data Factory, a row each: what, how many, who says so.

Sources are pages of learn.microsoft.com/azure/data-factory, and azure-data-factory-limits for the table of limits.
"""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """A bound that the service has and the type table does not tell."""

    # As a message says it: "activities in a pipeline".
    what: str
    maximum: int
    source: str
    minimum: int = 0

    def exceeded(self, count: int) -> bool:
        return not self.minimum <= count <= self.maximum

    def words(self, count: int) -> str:
        """
        >>> ACTIVITIES.words(130)
        '130 activities in a pipeline, inner ones counted: at most 120 are allowed'
        """
        bound = f"at most {self.maximum}" if count > self.maximum else f"at least {self.minimum}"
        return f"{count} {self.what}: {bound} are allowed"


_TABLE: Final = "azure-data-factory-limits"
_DAY: Final = 24 * 60 * 60

ACTIVITIES: Final = Limit(what="activities in a pipeline, inner ones counted", maximum=120, source=_TABLE)
# The limit until 2025, and still that of some subscriptions: the compiler cuts pipelines here.
SAFE_ACTIVITIES: Final = Limit(what="activities in a pipeline, inner ones counted", maximum=80, source=_TABLE)
PARAMETERS: Final = Limit(what="parameters of a pipeline", maximum=50, source=_TABLE)
PIPELINE_BYTES: Final = Limit(what="bytes in a pipeline", maximum=200 * 1024, source=_TABLE)
RESOURCE_BYTES: Final = Limit(what="bytes in a dataset or linked service", maximum=100 * 1024, source=_TABLE)
EXPRESSION: Final = Limit(what="characters in an expression", maximum=8192, source=_TABLE)
ENTITIES: Final = Limit(what="documents in a factory", maximum=5000, source=_TABLE)
BATCH_COUNT: Final = Limit(what="iterations of a ForEach at once", minimum=1, maximum=50, source=_TABLE)
CASES: Final = Limit(what="cases of a Switch", maximum=25, source="control-flow-switch-activity")
USER_PROPERTIES: Final = Limit(
    what="user properties of an activity", maximum=5, source="concepts-annotations-user-properties"
)

ACTIVITY_TIMEOUT: Final = Limit(what="seconds of timeout", minimum=600, maximum=7 * _DAY, source=_TABLE)
UNTIL_TIMEOUT: Final = Limit(
    what="seconds of timeout", minimum=1, maximum=90 * _DAY, source="control-flow-until-activity"
)
WEB_TIMEOUT: Final = Limit(
    what="seconds of httpRequestTimeout", minimum=1, maximum=600, source="control-flow-web-activity"
)

ACTIVITY_NAME: Final = Limit(
    what="characters in an activity's name", minimum=1, maximum=55, source="concepts-pipelines-activities"
)
PIPELINE_NAME: Final = Limit(
    what="characters in a pipeline's name", minimum=1, maximum=140, source="concepts-pipelines-activities"
)
RESOURCE_NAME: Final = Limit(what="characters in a name", minimum=1, maximum=260, source="naming-rules")
FACTORY_NAME: Final = Limit(what="characters in a factory's name", minimum=3, maximum=63, source="naming-rules")

TEMPLATE_BYTES: Final = Limit(
    what="bytes in an ARM template", maximum=4 * 1024 * 1024, source="azure-resource-manager/templates/best-practices"
)
TEMPLATE_RESOURCES: Final = Limit(
    what="resources in an ARM template", maximum=800, source="azure-resource-manager/templates/best-practices"
)
TEMPLATE_PARAMETERS: Final = Limit(
    what="parameters of an ARM template", maximum=256, source="azure-resource-manager/templates/best-practices"
)
