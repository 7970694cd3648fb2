"""What the DAG files of this folder say, written by hand: DAG, task, member, value."""

from typing import Any

from adf_export.ir.dag import Callback, Mapping, Param, Schedule, TriggerRule
from adf_export.ir.values import (
    Concat,
    Constant,
    DagParam,
    Duration,
    Items,
    MapItem,
    Members,
    Moment,
    Opaque,
    Template,
    Value,
    XCom,
    Zip,
)


def const(value: Any) -> Value:
    return Constant(value=value)


def items(*values: Any) -> Items:
    return Items(items=tuple(value if isinstance(value, Value) else const(value) for value in values))


def members(**values: Any) -> Members:
    pairs = ((name, value if isinstance(value, Value) else const(value)) for name, value in values.items())
    return Members(members=tuple(pairs))


BASH = "airflow.providers.standard.operators.bash.BashOperator"
CRON = "0 3 * * *"
DECORATED = "airflow.providers.standard.decorators"

# DAG, member, value
DAGS: list[tuple[str, str, Any]] = [
    ("classic", "description", "Plain operators"),
    ("classic", "tags", ("a", "b")),
    ("classic", "owner", "ann"),
    ("classic", "max_active_runs", 2),
    ("classic", "start_date", "2026-01-01T00:00:00+00:00"),
    (
        "classic",
        "schedule",
        Schedule(timetable="CronTriggerTimetable", text="0 3 * * *", manual_interval_is_point=True),
    ),
    ("classic", "origin.line", 9),
    ("classic", "origin.file", "classic.py"),
    ("classic", "settings", ()),
    ("taskflow", "doc", "Documentation of the DAG."),
    ("taskflow", "origin.line", 8),
    (
        "taskflow",
        "params",
        (
            Param(name="region", default='"eu"'),
            Param(name="must", default=None, schema='{"type": "string"}'),
            Param(name="url", default='"https://example.com"'),
        ),
    ),
    ("said", "schedule.timetable", "AssetTriggeredTimetable"),
    ("said", "catchup", True),
    ("said", "end_date", "2027-01-01T00:00:00+00:00"),
    ("said", "dagrun_timeout_seconds", 7200.0),
    ("said", "max_active_tasks", 7),
    ("said", "render_template_as_native_obj", True),
    ("said", "template_undefined", "jinja2.runtime.Undefined"),
    ("said", "doc", "Documentation"),
    ("said", "callbacks", (Callback(event="on_failure_callback", name="said.alarm"),)),
    ("said", "macros.company", const("acme")),
    ("said", "macros.double.name", "said.double"),
    ("said", "filters.twice.source", "def double(value):\n    return value * 2\n"),
    ("said", "settings.owner_links", "builtins.dict"),
    ("said", "settings.is_paused_upon_creation", "True"),
    ("said", "settings.dag_display_name", "Said"),
    (
        "said",
        "params",
        (
            Param(name="size", default="5", schema='{"type": "integer", "minimum": 1}', description="How many"),
            Param(name="word", default='"x"'),
        ),
    ),
]

# DAG, task, member, value; "fields.x" and the like: the pair's value.
TASKS: list[tuple[str, str, str, Any]] = [
    # classic
    ("classic", "start", "operator", "airflow.providers.standard.operators.empty.EmptyOperator"),
    ("classic", "start", "retries", 0),
    ("classic", "start", "fields", ()),
    ("classic", "start", "origin.line", 19),
    ("classic", "load", "origin.line", 20),
    ("classic", "load", "operator", BASH),
    ("classic", "load", "retries", 3),
    ("classic", "load", "retry_delay_seconds", 60.0),
    ("classic", "load", "owner", "ann"),
    ("classic", "load", "fields.bash_command", const("echo later")),
    ("classic", "load", "fields.env", members(DAY=Template(text="{{ ds_nodash }}", line=26), PLAIN="x")),
    ("classic", "load", "fields.append_env", const(True)),
    ("classic", "load", "given", ("bash_command", "env", "append_env")),
    ("classic", "load", "field_lines.bash_command", 22),
    ("classic", "load", "field_lines.env", 25),
    ("classic", "load", "execution_timeout_seconds", 300.0),
    ("classic", "load", "trigger_rule", TriggerRule.ALL_DONE),
    ("classic", "load", "do_xcom_push", False),
    ("classic", "load", "pool", "small"),
    ("classic", "load", "settings", (("email", "team@example.com"),)),
    ("classic", "load", "edge_labels", (("start", "go"),)),
    ("classic", "load", "upstream", ("start",)),
    ("classic", "rows", "fields.sql", Template(text="SELECT 1 AS ds WHERE '{{ ds }}' > ''\n", line=35)),
    ("classic", "rows", "fields.conn_id", const("db")),
    ("classic", "rows", "given", ("sql", "conn_id", "split_statements")),
    ("classic", "acme", "operator", "acme_tools.AcmeOperator"),
    ("classic", "acme", "bases", (BASH,)),
    ("classic", "acme", "given", ("append_env",)),
    ("classic", "acme", "fields.bash_command", const("echo acme eu")),
    ("classic", "acme", "origin.line", 36),
    ("classic", "acme", "origin.file", "classic.py"),
    ("classic", "made", "origin.file", "../plugins/acme_tools.py"),
    ("classic", "made", "origin.line", 15),
    ("classic", "made", "fields.region", const("us")),
    ("classic", "made", "upstream", ("acme", "rows")),
    # taskflow
    ("taskflow", "extract", "operator", f"{DECORATED}.python._PythonDecoratedOperator"),
    ("taskflow", "extract", "fields.op_args", items(DagParam(name="url"))),
    ("taskflow", "extract", "fields.op_kwargs", members(size=7)),
    ("taskflow", "extract", "fields.python_callable.line", 14),
    (
        "taskflow",
        "extract",
        "fields.python_callable.source",
        "def extract(source: str, size: int = 5) -> dict:\n"
        '    """Documentation of the task."""\n'
        '    return {"rows": LIMIT * step, "source": source, "names": NAMES}\n',
    ),
    (
        "taskflow",
        "extract",
        "fields.python_callable.constants",
        (("LIMIT", const(10)), ("NAMES", items("a", "b")), ("step", const(2))),
    ),
    ("taskflow", "extract", "multiple_outputs", True),
    ("taskflow", "extract", "retries", 2),
    ("taskflow", "extract", "doc", "Documentation of the task."),
    ("taskflow", "extract", "origin.line", 38),
    ("taskflow", "again", "retries", 0),
    ("taskflow", "again", "fields.op_args", items(Template(text="{{ params.region }}", line=39))),
    ("taskflow", "choose", "operator", f"{DECORATED}.branch_python._BranchPythonDecoratedOperator"),
    ("taskflow", "choose", "fields.op_args", items(XCom(task_id="extract", key="rows"))),
    ("taskflow", "choose", "fields.python_callable.constants", (("LIMIT", const(10)),)),
    ("taskflow", "few", "fields.bash_command", XCom(task_id="extract", key="source")),
    (
        "taskflow",
        "many",
        "fields.bash_command.text",
        "echo {{ task_instance.xcom_pull(task_ids='extract', dag_id='taskflow', key='rows') }}",
    ),
    ("taskflow", "enough", "operator", f"{DECORATED}.short_circuit._ShortCircuitDecoratedOperator"),
    ("taskflow", "enough", "ignore_downstream_trigger_rules", False),
    ("taskflow", "ready", "operator", f"{DECORATED}.sensor.DecoratedSensorOperator"),
    ("taskflow", "ready", "fields.poke_interval", const(30)),
    ("taskflow", "ready", "fields.mode", const("reschedule")),
    ("taskflow", "ready", "field_lines.timeout", 26),
    ("taskflow", "open_it", "is_setup", True),
    ("taskflow", "open_it", "fields.op_args", None),
    ("taskflow", "close_it", "is_teardown", True),
    ("taskflow", "close_it", "on_failure_fail_dagrun", True),
    ("taskflow", "close_it", "trigger_rule", TriggerRule.ALL_DONE_SETUP_SUCCESS),
    ("taskflow", "close_it", "upstream", ("few", "open_it")),
    # mapping
    ("mapping", "add", "mapping", Mapping(expand=(("x", XCom(task_id="numbers")),))),
    ("mapping", "add", "fields.op_kwargs", members(y=10)),
    ("mapping", "add", "fields.python_callable.source", "def add(x, y):\n    return x + y\n"),
    ("mapping", "add", "given", ("python_callable", "op_kwargs")),
    ("mapping", "add", "retries", 4),
    ("mapping", "add", "upstream", ("numbers",)),
    ("mapping", "add", "origin.line", 16),
    ("mapping", "echoes", "origin.line", 17),
    ("mapping", "echoes", "fields", (("env", members(A="b")),)),
    ("mapping", "echoes", "field_lines.env", 19),
    ("mapping", "echoes", "max_active_tis_per_dagrun", 2),
    ("mapping", "echoes", "retries", 4),
    ("mapping", "echoes", "mapping.expand.bash_command", items("echo 1", Template(text="echo {{ ds }}", line=22))),
    ("mapping", "kwargs", "mapping.expand_kwargs", items(members(bash_command="a"), members(bash_command="b"))),
    ("mapping", "doubled", "mapping.expand.bash_command.value", XCom(task_id="numbers")),
    ("mapping", "doubled", "mapping.expand.bash_command.function.line", 25),
    (
        "mapping",
        "zipped",
        "mapping.expand.env",
        Zip(values=(XCom(task_id="numbers"), XCom(task_id="two")), fill=const(0)),
    ),
    ("mapping", "joined", "mapping.expand.bash_command", Concat(values=(XCom(task_id="numbers"), XCom(task_id="two")))),
    ("mapping", "total", "fields.bash_command", XCom(task_id="add")),
    ("mapping", "each.work", "fields.bash_command", MapItem(group_id="each", argument="number")),
    ("mapping", "each.work", "group", "each"),
    ("mapping", "each.work", "upstream", ("numbers",)),
    ("mapping", "deep", "group", "outer.inner"),
    ("mapping", "deep", "pool", "outer_pool"),
    # said
    ("said", "values", "fields.python_callable.name", "said.double"),
    ("said", "values", "fields.op_kwargs.moment", Moment(iso="2026-01-02T00:00:00+00:00")),
    ("said", "values", "fields.op_kwargs.duration", Duration(seconds=120.0)),
    ("said", "values", "fields.op_kwargs.day", Opaque(kind="datetime.date", text="2026-01-02")),
    ("said", "values", "fields.op_kwargs.path", Opaque(kind="pathlib.PurePosixPath", text="/tmp/x")),
    ("said", "values", "fields.op_kwargs.set", items(1, 3)),
    ("said", "values", "fields.op_kwargs.pair", items(True, None)),
    ("said", "values", "fields.op_kwargs.literal", const("{{ not_rendered }}")),
    ("said", "values", "fields.op_kwargs.infinite", Opaque(kind="builtins.float", text="inf")),
    ("said", "values", "fields.op_kwargs.big", Opaque(kind="builtins.int", text=str(2**70))),
    ("said", "values", "fields.op_kwargs.object", Opaque(kind="builtins.object")),
    ("said", "values", "fields.op_kwargs.class", Opaque(kind="builtins.type", text="builtins.dict")),
    ("said", "values", "fields.op_kwargs.param", DagParam(name="word")),
    ("said", "values", "fields.op_kwargs.numbers", Opaque(kind="builtins.dict")),
    ("said", "values", "field_lines.op_kwargs", 55),
    ("said", "values", "inlets", ("s3://bucket/raw",)),
    ("said", "values", "outlets", ("mart",)),
    ("said", "values", "is_setup", True),
    ("said", "values", "settings.pre_execute", "builtins.function"),
    ("said", "values", "settings.params", "own"),
    ("said", "values", "settings.executor_config", "builtins.dict"),
    ("said", "values", "settings.map_index_template", "{{ x }}"),
    ("said", "values", "priority_weight", 3),
    ("said", "values", "weight_rule", "absolute"),
    ("said", "values", "depends_on_past", True),
    ("said", "values", "retry_exponential_backoff", 2.0),
    ("said", "values", "max_retry_delay_seconds", 3600.0),
    ("said", "values", "callbacks.0", Callback(event="on_failure_callback", name="said.alarm")),
    ("said", "values", "callbacks.1.name", "airflow.providers.smtp.notifications.smtp.SmtpNotifier"),
    ("said", "values", "callbacks.1.arguments.subject", Template(text="{{ ds }}")),
    ("said", "branch", "fields.python_callable.constants", (("WORDS", members(a=1)),)),
    ("said", "branch", "origin.line", 83),
    ("said", "inline", "fields.python_callable.name", "said.<lambda>"),
    ("said", "no", "is_teardown", True),
    ("said", "no", "upstream", ("values",)),
    ("said", "yes", "upstream", ("branch",)),
]
