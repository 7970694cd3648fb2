"""HttpOperator and HttpSensor: a Web activity, in a loop where it is a sensor."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from adf_export.codes import BEHAVIOUR_DIFFERS, RESULT_DIFFERS
from adf_export.ir.factory import Activity, Body, Role, obj
from adf_export.ir.unit import Unit
from adf_export.operators.answers import accepted, answer_text, filtered
from adf_export.operators.polling import IGNORED, poll, polling
from adf_export.operators.registry import Operator
from adf_export.operators.web_requests import web_steps
from adf_export.operators.workbench import Workbench
from adf_export.operators.xcom_readers import may_be_read
from adf_export.templating.building import not_
from adf_lang.nodes import literal

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
    if bench.has("pagination_function"):
        hint = "use a Copy with the pagination rules of a REST source"
        raise bench.not_exported("pagination_function", "a Web activity asks once", hint=hint)
    if bench.has("retry_args"):
        raise bench.not_exported("retry_args", "it is Python", hint="use retries and retry_delay of the task")
    _check_auth(bench)
    name = bench.name()
    steps = web_steps(bench, name, data="data", default_method="POST")
    if bench.has("response_check"):
        steps = (*steps, _check(bench, steps[-1]))
    if bench.has("response_filter"):
        return bench.unit(*steps, results={"return_value": filtered(bench, "response_filter", name)})
    if may_be_read(bench):
        bench.tell(
            RESULT_DIFFERS,
            f"the XCom of '{bench.task.task_id}' is JSON that Data Factory writes anew: blanks and numbers may differ",
            detail="An answer that is no JSON object fails a Web activity.",
            hint="give response_filter=lambda response: response.json()['...']",
        )
    return bench.unit(*steps, results={"return_value": answer_text(name)})


def http_sensor(bench: Workbench) -> Unit:
    """Asks until the answer is good, and response_check takes it."""
    how = polling(bench)
    bench.tell(
        BEHAVIOUR_DIFFERS,
        f"'{bench.task.task_id}' goes on asking after every error, where Airflow fails but for 404",
        hint="a timeout bounds how long",
    )
    name = bench.name()
    *keys, look = web_steps(bench, name, data="request_params", default_method="GET")
    met = accepted(bench, "response_check", name) if bench.has("response_check") else literal(True)
    return poll(bench, how, replace(look, depends_on=()), met, before=tuple(keys))


def _check(bench: Workbench, call: Activity) -> Activity:
    fail = bench.activity(
        bench.name("fail"),
        "Fail",
        obj(message="Response check returned False.", errorCode="ResponseCheck"),
        role=Role.HELPER,
    )
    return bench.activity(
        bench.name("check"),
        "IfCondition",
        obj(expression=not_(accepted(bench, "response_check", call.name))),
        role=Role.HELPER,
        description="Fails unless response_check takes the answer.",
        after=(call.name,),
        bodies=(Body(slot="ifTrueActivities", activities=(fail,)),),
    )


def _check_auth(bench: Workbench) -> None:
    given = bench.field("auth_type")
    if bench.has("auth_type") and "BasicAuth" not in str(given):
        raise bench.not_exported("auth_type", "only Basic has a place in a Web activity")


HTTP: Final[Mapping[str, Operator]] = {
    "airflow.providers.http.operators.http.HttpOperator": Operator(
        translate=http, ignored=_IGNORED, activities=("WebActivity",)
    ),
    "airflow.providers.http.sensors.http.HttpSensor": Operator(
        translate=http_sensor,
        ignored={**_IGNORED, **IGNORED, "response_error_codes_allowlist": "every error means: not yet"},
        activities=("Until", "WebActivity"),
    ),
}
