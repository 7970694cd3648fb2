"""What goes wrong while data is read, converted or written, before an activity gives it its number."""

from collections.abc import Iterator
from contextlib import contextmanager

from local_azure.data_factory.errors import ActivityError, FailureType
from local_azure.errors import LocalAzureError


class DataError(LocalAzureError):
    """Data that cannot be read, converted or written. `reason` is Data Factory's word for it, where one is known."""

    def __init__(self, reason: str, message: str, *, failure_type: FailureType = FailureType.USER) -> None:
        super().__init__(message)
        self.reason = reason
        self.message = message
        self.failure_type = failure_type


@contextmanager
def failing_as(code: str) -> Iterator[None]:
    """Turns a DataError into the ActivityError of an activity, which has one number for them all."""
    try:
        yield
    except DataError as error:
        text = f"ErrorCode={error.reason},Message={error.message}"
        raise ActivityError(code, text, failure_type=error.failure_type) from error
