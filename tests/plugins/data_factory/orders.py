"""An exported pipeline as the compiler would write it, with what a mirror must cope with.

fetch -> each (ForEach: load -> check) -> publish -> finish       alarm behind a failed publish
other, beside all of them
part, an ExecutePipeline of the same DAG that runs `inner`
"""

from typing import Any

Json = Any
DAG_ID = "orders"


def pipelines(service: str) -> dict[str, Json]:
    """Name to properties; the activities ask the web service at this address."""
    item = {
        "value": f"@concat('{service}/', if(equals(item(), 'hang'), 'hang', concat('item/', item())))",
        "type": "Expression",
    }
    check = {"value": "@equals(item(), 2)", "type": "Expression"}
    each = {
        "items": {"value": "@pipeline().parameters.items", "type": "Expression"},
        "activities": [
            _task("load", "WebActivity", method="GET", url=item),
            _task(
                "check",
                "IfCondition",
                ["load"],
                expression=check,
                ifTrueActivities=[_task("on_two", "Wait", waitTimeInSeconds=1)],
            ),
        ],
    }
    part = {"pipeline": {"referenceName": "orders__part", "type": "PipelineReference"}, "waitOnCompletion": True}
    publish = f"{service}/publish"
    return {
        DAG_ID: {
            "description": "orders.py:7",
            "annotations": ["sales"],
            "parameters": {
                "items": {"type": "Array", "defaultValue": [1, 2]},
                "logical_date": {"type": "String", "defaultValue": ""},
            },
            "activities": [
                _task("fetch", "WebActivity", method="POST", url=f"{service}/fetch", body=_BODY),
                _task("each", "ForEach", ["fetch"], **each),
                _task("publish", "WebActivity", ["each"], method="GET", url=publish),
                _task("finish", "Wait", ["publish"], waitTimeInSeconds=1),
                _task("alarm", "Wait", ["publish:Failed"], waitTimeInSeconds=1),
                _task("other", "Wait", waitTimeInSeconds=1),
                _task("part", "ExecutePipeline", ["other"], **part),
            ],
        },
        "orders__part": {"activities": [_task("inner", "WebActivity", method="GET", url=f"{service}/inner")]},
        "by_hand": {"activities": [{"name": "Pause", "type": "Wait", "typeProperties": {"waitTimeInSeconds": 1}}]},
    }


_BODY = {"value": "@pipeline().parameters.logical_date", "type": "Expression"}


def _task(name: str, kind: str, after: list[str] | None = None, **properties: Json) -> Json:
    depends_on = [
        {"activity": upstream, "dependencyConditions": [condition or "Succeeded"]}
        for upstream, _, condition in (entry.partition(":") for entry in after or [])
    ]
    marks = [{"name": "airflow_dag_id", "value": DAG_ID}, {"name": "airflow_task_id", "value": name}]
    return {
        "name": name,
        "type": kind,
        "description": f"orders.py:{len(name)}",
        "dependsOn": depends_on,
        "userProperties": marks,
        "typeProperties": properties,
    }
