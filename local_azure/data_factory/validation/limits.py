"""Limits of Data Factory, one row each; where Azure has a soft and a hard one, what a new subscription gets."""

from dataclasses import dataclass

PAGE = "azure-docs, includes/azure-data-factory-limits.md"
ACTIVITIES_PAGE = "azure-docs, data-factory/concepts-pipelines-activities.md"


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """The most that is allowed, and which document says so."""

    most: int
    source: str


PIPELINE_ACTIVITIES = Limit(most=120, source=f"{PAGE}: inner ones are counted; 80 until 2025")
PIPELINE_PARAMETERS = Limit(most=50, source=PAGE)
PIPELINE_BYTES = Limit(most=200 * 1024, source=PAGE)
OTHER_BYTES = Limit(most=100 * 1024, source=f"{PAGE}: datasets and linked services")
SWITCH_CASES = Limit(most=25, source="azure-docs, data-factory/control-flow-switch-activity.md")
USER_PROPERTIES = Limit(most=5, source="azure-docs, data-factory/concepts-annotations-user-properties.md")
PIPELINE_NAME = Limit(most=140, source=ACTIVITIES_PAGE)
ACTIVITY_NAME = Limit(most=55, source=ACTIVITIES_PAGE)
# batchCount of a ForEach (50), retryIntervalInSeconds (30 to 86,400) and the characters of an expression (8,192) are in
# facts.json and in adf_lang.
