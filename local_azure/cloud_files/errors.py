"""The errors of cloudFiles, with Databricks' own condition names where it has one."""

from pyspark.errors import StreamingQueryException

from local_azure.errors import LocalAzureError


class CloudFilesError(LocalAzureError):
    """A cloudFiles stream that cannot be read as it was asked for."""


class CloudFilesWarning(UserWarning):
    """An option that is accepted and changes nothing here."""


class UnknownFieldException(StreamingQueryException):
    """The stream met new columns, saved the wider schema and stopped: started again, it goes on without loss."""


UNKNOWN_FIELDS = "[UNKNOWN_FIELD_EXCEPTION.NEW_FIELDS_IN_RECORD_WITH_FILE_PATH]"
# Put behind our text where Spark wraps it in tracebacks of its own, so that the driver can cut it out again.
END_OF_MESSAGE = "SQLSTATE: KD003"


class UnknownFieldsError(CloudFilesError):
    """Raised in a Python worker; the driver shows it as UnknownFieldException."""

    def __init__(self, fields: list[str], *, file_path: str, schema: str, retry_helps: bool) -> None:
        super().__init__(
            f"{UNKNOWN_FIELDS} Encountered unknown fields during parsing: {','.join(fields)}, "
            f"which can be fixed by an automatic retry: {str(retry_helps).lower()}\n"
            f"Unknown fields inside file path: {file_path}\n"
            f"Rescued record schema: {schema}. {END_OF_MESSAGE}"
        )
