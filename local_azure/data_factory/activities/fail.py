"""Fail: ends with an error that the pipeline's author chose."""

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Json
from local_azure.data_factory.errors import ActivityError

NOT_A_STRING = "ErrorCodeNotString"


async def run(context: ActivityContext) -> dict[str, Json]:
    """Always fails; what cannot be read as a message or a code fails in the words of Data Factory's page."""
    try:
        message, code = context.value("message"), context.value("errorCode")
    except ActivityError as error:
        raise ActivityError(
            NOT_A_STRING, f"Failed to interpret {context.name} fail message or error code: {error.message}"
        ) from error
    context.record_input({"message": message, "errorCode": code})
    if not isinstance(message, str) or not isinstance(code, str) or not code:
        raise ActivityError(NOT_A_STRING, f"Failed to interpret {context.name} fail message or error code")
    raise ActivityError(code, message)


FAIL = ActivityType(
    name="Fail",
    run=run,
    properties=frozenset({"message", "errorCode"}),
    after_restart=AfterRestart.REPEAT,
    policy=False,
)
