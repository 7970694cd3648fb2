"""HttpOperator and HttpSensor: a Web activity, in a loop where it is a sensor."""

from collections.abc import Mapping
from typing import Final

from adf_export.ir.unit import Unit
from adf_export.operators.registry import Operator
from adf_export.operators.web_requests import web_properties
from adf_export.operators.workbench import Workbench
from adf_lang.nodes import Node, call, literal, select

_HEADERS: Final = "ADFWebActivityResponseHeaders"
_CONNECTION: Final = "it is about TCP connections of a worker"
_IGNORED: Final[Mapping[str, str]] = {
    "deferrable": "no worker waits for an activity",
    "log_response": "the answer is shown in the monitoring page",
    "tcp_keep_alive": _CONNECTION,
    "tcp_keep_alive_count": _CONNECTION,
    "tcp_keep_alive_idle": _CONNECTION,
    "tcp_keep_alive_interval": _CONNECTION,
    "warn_on_non_idempotent": "it is a line in the log",
}


def http(bench: Workbench) -> Unit:
    """One call; its answer must be a JSON object."""
    for name in ("pagination_function", "retry_args", "auth_type", "response_check", "response_filter"):
        if bench.has(name):
            raise bench.not_exported(name, "it is Python")
    properties = web_properties(bench, data="data", default_method="POST")
    name = bench.name()
    return bench.unit(bench.activity(name, "WebActivity", properties), results={"return_value": answer_text(name)})


def answer_text(activity: str) -> Node:
    """The answer as text: the output without what Data Factory adds behind it.

    >>> str(answer_text("a")).count("activity('a').output")
    1
    """
    mark = f'"{_HEADERS}":'
    whole = call("string", select(call("activity", literal(activity)), "output"))
    # An empty object has no comma before what is added.
    apart = call("replace", whole, literal(f"{{{mark}"), literal(f"{{,{mark}"))
    return call("concat", call("first", call("split", apart, literal(f",{mark}"))), literal("}"))


HTTP: Final[Mapping[str, Operator]] = {
    "airflow.providers.http.operators.http.HttpOperator": Operator(
        translate=http, ignored=_IGNORED, activities=("WebActivity",)
    ),
}
