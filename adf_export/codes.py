"""Every diagnostic of the compiler, a line each; a code is never used for something else, also when it is gone.

0xx reading DAGs, 1xx operators and their fields, 2xx templates and decisions, 3xx trigger rules and the graph, 4xx
retries, timeouts, mapping and run settings, 5xx connections, variables and secrets, 6xx limits and validity, 7xx
schedules.
"""

from enum import StrEnum
from typing import NamedTuple


class Severity(StrEnum):
    """What a diagnostic means for the output."""

    # The task or DAG is refused: nothing is written for the DAG.
    ERROR = "error"
    # It is exported, and something differs from Airflow in a way that the diagnostic tells.
    WARNING = "warning"
    # It is exported; what is told has no meaning in Data Factory.
    NOTE = "note"


class Code(NamedTuple):
    """A kind of diagnostic."""

    id: str
    severity: Severity
    title: str


E, W, N = Severity.ERROR, Severity.WARNING, Severity.NOTE

# 0xx Reading DAGs
IMPORT_FAILED = Code("ADF001", E, "a DAG file cannot be imported")
IMPORT_TIMED_OUT = Code("ADF002", E, "a DAG file takes too long to import")
DUPLICATE_DAG = Code("ADF003", E, "two files define the same DAG id")
NO_DAGS = Code("ADF004", N, "a file defines no DAG")
TEMPLATE_FILE_MISSING = Code("ADF005", E, "a template file of a task cannot be read")
VARIABLE_AT_IMPORT = Code("ADF006", W, "a DAG file reads an Airflow Variable while it is imported")

# 1xx Operators and their fields
NO_NATIVE_ACTIVITY = Code("ADF101", E, "Data Factory has no activity for the operator")
FIELD_NOT_EXPORTED = Code("ADF102", E, "a field of the operator cannot be exported")
FIELD_NOT_CONSTANT = Code("ADF103", E, "a field must be known when the DAG is compiled")
FIELD_INVALID = Code("ADF104", E, "a field has a value that the operator or the activity does not take")
FIELD_IGNORED = Code("ADF105", N, "a field has no meaning in Data Factory")
RESULT_DIFFERS = Code("ADF106", W, "an XCom has another shape than in Airflow")
BEHAVIOUR_DIFFERS = Code("ADF107", W, "the activity behaves differently in a case that the message tells")

# 2xx Templates and decisions
TEMPLATE_INVALID = Code("ADF201", E, "a template cannot be parsed")
TEMPLATE_NOT_EXPRESSIBLE = Code("ADF202", E, "a template has no equal expression")
TEMPLATE_UNKNOWN_NAME = Code("ADF203", E, "a template uses a name that Airflow does not give it")
XCOM_NOT_AVAILABLE = Code("ADF204", E, "a task reads an XCom that no exported task gives")
XCOM_MAY_BE_MISSING = Code("ADF205", E, "a task reads the XCom of a task that may not have run")
DECISION_NOT_EXPRESSIBLE = Code("ADF206", E, "a Python function has no equal expression")
TEMPLATE_DIFFERS = Code("ADF207", W, "a template gives another text in a case that the message tells")

# 3xx Trigger rules and the graph
ORDER_SENSITIVE = Code("ADF301", E, "a task is judged by whichever of its upstreams ends first")
FIRES_LATER = Code("ADF302", W, "a trigger rule waits for all upstreams before it fires")
RULE_NOT_EXPORTED = Code("ADF303", E, "a trigger rule cannot be exported in this place")
TEARDOWN_NOT_EXPORTED = Code("ADF304", E, "a setup or teardown cannot be exported in this place")
RACY = Code("ADF305", W, "the result depends on Airflow's timing; one of its results is taken")

# 4xx Retries, timeouts, mapping and run settings
RETRY_DELAY_CHANGED = Code("ADF401", W, "a retry delay is outside of what Data Factory takes")
RETRY_NOT_EXPORTED = Code("ADF402", E, "retries cannot be exported for this activity")
TIMEOUT_CHANGED = Code("ADF403", W, "a timeout is outside of what Data Factory takes")
BACKOFF_LOST = Code("ADF404", W, "the pauses between retries are constant in Data Factory")
SETTING_IGNORED = Code("ADF405", N, "a setting of the task or DAG has no meaning in Data Factory")
SETTING_NOT_EXPORTED = Code("ADF406", E, "a setting of the task or DAG cannot be exported")
MAPPING_NOT_EXPORTED = Code("ADF407", E, "a mapped task cannot be exported in this form")
CALLBACK_NOT_EXPORTED = Code("ADF408", W, "a callback is not exported")
PARAM_CHECK_LOST = Code("ADF409", W, "a check of a param's schema is not made by Data Factory")
SETTING_LOST = Code("ADF410", W, "a setting of the task or DAG is not exported, and something differs without it")

# 5xx Connections, variables and secrets
CONNECTION_NOT_CONFIGURED = Code("ADF501", W, "the environment file does not tell where a connection leads")
VARIABLE_NOT_CONFIGURED = Code("ADF502", W, "the environment file gives no value for an Airflow Variable")
SECRET_IN_DAG = Code("ADF503", E, "a DAG holds a secret")
CONNECTION_INVALID = Code("ADF504", E, "the environment file describes a connection that its activities cannot use")

# 6xx Limits and validity
LIMIT_EXCEEDED = Code("ADF601", E, "a document exceeds a limit of Data Factory")
INVALID_DOCUMENT = Code("ADF602", E, "a document would not be taken by Data Factory")
NAME_CHANGED = Code("ADF603", N, "a name was shortened or changed")
LIMIT_NEAR = Code("ADF604", W, "a document is within today's limits of Data Factory and beyond older ones")
COMPILER_FAULT = Code("ADF605", E, "the compiler itself fails at a DAG")

# 7xx Schedules
SCHEDULE_NOT_EXPORTED = Code("ADF701", W, "a schedule is not exported: the pipeline runs when it is started")


def all_codes() -> tuple[Code, ...]:
    """All codes, by their id."""
    return tuple(sorted((value for value in globals().values() if isinstance(value, Code)), key=lambda code: code.id))
