"""Functions that have an equal expression; each takes what Airflow's context gives."""
# ruff: noqa: E731, SIM102, T201

import datetime
from typing import Any

from airflow.sdk import get_current_context

LIMIT = 5
NAMES = ["fast", "slow"]
TASK = {"fast": "run_fast", "slow": "run_slow"}
START = datetime.datetime(2010, 1, 1, tzinfo=datetime.UTC)


def constant():
    return "left"


def by_param(params):
    if params["text"] == "prod":
        return "live"
    return "test"


def by_context(**context):
    """Has a docstring."""
    if context["params"]["flag"]:
        return ["a", "b"]
    return "c"


def by_kwargs_get(**kwargs):
    mode = kwargs["params"].get("mode", "slow")
    if mode == "fast":
        return "quick"
    if mode in ["slow", "off"]:
        return f"slow_{mode}"
    return None


def by_date(logical_date, **_):
    if logical_date.weekday() < 5:
        return "weekday"
    return "weekend"


def by_month(ds, ds_nodash):
    if ds[5:7] == "01" and ds_nodash.endswith("01"):
        return "new_year"
    return "other"


def by_xcom(ti):
    rows = ti.xcom_pull(task_ids="count")
    if rows > LIMIT:
        return "many"
    if rows == 0:
        return "none"
    return "few"


def by_xcom_member(**context):
    found = context["ti"].xcom_pull(task_ids="extract")
    print("found", found)
    return "full" if found["rows"] and found["path"] else "empty"


def by_xcom_text(ti: Any = None):
    return "fine" if ti.xcom_pull("extract", key="status") == "ok" else "broken"


def by_current_context():
    context = get_current_context()
    params = context["params"]
    whole: int = params["whole"]
    doubled = whole * 2
    doubled += 1
    return "odd" if doubled % 3 == 1 else "even"


def by_conf(dag_run):
    if dag_run.conf.get("level", 1) == 0:
        return "quiet"
    return "loud"


def by_conf_presence(**context):
    conf = context["dag_run"].conf
    if conf and "message" in conf:
        return "said"
    return "silent"


def by_constants(params):
    if params["mode"] in NAMES:
        return TASK[params["mode"]]
    return "off"


def by_constant_date(data_interval_start):
    return "late" if data_interval_start > START else "early"


def by_logic(params, run_id):
    if not params["maybe"] or (params["whole"] > 0 and run_id.startswith("manual")):
        return "yes"
    return "no"


def by_loop(params):
    chosen = "none"
    for name, limit in [("small", 2), ("large", 10)]:
        if params["whole"] > limit:
            chosen = name
    return chosen


def by_nested(params):
    if params["flag"]:
        if params["whole"] > 3:
            return "a"
    if params["text"]:
        return "b"
    return "c"


def by_length(params):
    if len(params["words"]) > 1:
        return "several"
    return params["words"][0] if params["words"] else "no words"


def by_truth(params):
    return bool(params["words"]) and any([params["flag"], params["whole"] > 3])


def short_circuit_number(params):
    return params["whole"]


def short_circuit_text(params):
    return params["maybe"]


def short_circuit_hour(data_interval_end):
    return 6 <= data_interval_end.hour < 18


def by_difference(logical_date):
    yesterday = logical_date - datetime.timedelta(days=1)
    return f"load_{yesterday:%Y%m%d}"


def by_chain(params):
    low, high = 1, LIMIT
    return low < params["whole"] <= high


def defaults(params, limit=3, *, name="x"):
    return f"{name}_{limit}" if params["whole"] > limit else None


SHORT = lambda params: params["flag"]
PICK = lambda **context: "a" if context["params"]["whole"] > 2 else "b"
