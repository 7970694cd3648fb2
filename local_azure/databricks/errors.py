"""The errors of the local Databricks: what a user can act on, and what a client reads as `error_code` and `message`."""

from local_azure.errors import LocalAzureError


class DatabricksError(LocalAzureError):
    """The base of what goes wrong in the local Databricks."""


class DriverError(DatabricksError):
    """The Spark driver could not be started or has died."""


class ApiError(DatabricksError):
    """A request that is answered with Databricks' error body."""

    def __init__(self, error_code: str, message: str, *, status: int = 400) -> None:
        super().__init__(message)
        self.error_code = error_code
        self.message = message
        self.status = status


def invalid_parameter(message: str) -> ApiError:
    """The answer to a body that Databricks, or this stand-in, does not take."""
    return ApiError("INVALID_PARAMETER_VALUE", message)
