"""What goes wrong: in a request (ArmError), in an activity (ActivityError), in the JSON of a resource (Problem)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from local_azure.errors import LocalAzureError


class FailureType(StrEnum):
    """Who is to blame, in Data Factory's words."""

    USER = "UserError"
    SYSTEM = "SystemError"


class ActivityError(LocalAzureError):
    """Why an attempt of an activity failed: becomes `error` of its run, {errorCode, message, failureType, target}.

    `code` is Data Factory's number or name where one is known (2108, 3202, ...). Retried where the policy says so.
    `output` is what the attempt had to show when it failed, None: nothing.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        failure_type: FailureType = FailureType.USER,
        output: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.output = output
        self.code = code
        self.message = message
        self.failure_type = failure_type


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something wrong with the JSON of a resource."""

    # Such as $.properties.activities[2].typeProperties.url.
    path: str
    message: str


class ArmError(LocalAzureError):
    """A request that is refused: an HTTP status and ARM's envelope {"error": {code, message, target, details}}."""

    def __init__(
        self,
        status: int,
        code: str,
        message: str,
        *,
        target: str | None = None,
        details: Sequence["ArmError"] = (),
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.target = target
        self.details = tuple(details)
