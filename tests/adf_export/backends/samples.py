"""A factory with one of everything, built by hand."""

from collections.abc import Iterable

from adf_export.ir.factory import (
    MISSING,
    Activity,
    Body,
    Condition,
    Dataset,
    DatasetReference,
    Dependency,
    Factory,
    Json,
    LinkedService,
    Object,
    Parameter,
    Pipeline,
    PipelineVariable,
    Policy,
    Role,
    obj,
    secret_reference,
)
from adf_export.ir.origin import Origin
from adf_lang.nodes import call, interpolate, literal, select

ORIGIN = Origin(file="dags/daily.py", line=7, dag_id="daily")


def at(line: int, task: str) -> Origin:
    return Origin(file="dags/daily.py", line=line, dag_id="daily", task_id=task)


def parameter(name: str) -> Json:
    return select(call("pipeline"), "parameters", name)


def activity(
    name: str,
    type: str = "Wait",
    *after: str,
    bodies: Iterable[Body] = (),
    role: Role = Role.TASK,
    policy: Policy | None = None,
    linked_service: str | None = None,
    inputs: tuple[DatasetReference, ...] = (),
    outputs: tuple[DatasetReference, ...] = (),
    description: str = "",
    **properties: Json,
) -> Activity:
    """An activity; `after` holds "Name" (Succeeded) or "Name:Failed,Skipped"."""
    edges = [item.partition(":") for item in after]
    if type == "Wait" and not properties:
        properties = {"waitTimeInSeconds": 1}
    return Activity(
        name=name,
        type=type,
        role=role,
        origin=at(10, name.lower()),
        description=description,
        depends_on=tuple(
            Dependency(activity=to, conditions=tuple(map(Condition, (how or "Succeeded").split(","))))
            for to, _, how in edges
        ),
        properties=obj(properties),
        bodies=tuple(bodies),
        policy=policy,
        linked_service=linked_service,
        inputs=inputs,
        outputs=outputs,
    )


def pipeline(*activities: Activity, name: str = "daily", **more: object) -> Pipeline:
    return Pipeline(name=name, dag_id="daily", origin=ORIGIN, activities=activities, **more)  # type: ignore[arg-type]  # fields of Pipeline


def factory(*activities: Activity, **more: object) -> Factory:
    """A factory with one pipeline, `daily`."""
    return Factory(name="adf-test", pipelines=(pipeline(*activities, **more),))


def everything() -> Factory:
    """All kinds of documents, containers and values."""
    extract = activity(
        "Extract",
        "WebActivity",
        method="POST",
        url=interpolate(["https://api.example.com/", parameter("day")]),
        headers=obj(accept="application/json"),
        body=obj(day=parameter("day"), text="@not an expression", many=(1, 2.5, True)),
        policy=Policy(timeout_seconds=43200, retry=2, retry_interval_seconds=60, secure_output=True),
        description="Asks the API for a day.",
    )
    keep = activity(
        "Keep",
        "SetVariable",
        "Extract",
        variableName="answer",
        value=call("string", select(call("activity", literal("Extract")), "output")),
    )
    copy = activity(
        "Copy",
        "Copy",
        "Keep",
        source=obj(type="BinarySource", storeSettings=obj(type="AzureBlobStorageReadSettings", recursive=True)),
        sink=obj(type="BinarySink", storeSettings=obj(type="AzureBlobStorageWriteSettings")),
        inputs=(DatasetReference(name="landing", parameters=obj(file=interpolate([parameter("day"), ".json"]))),),
        outputs=(DatasetReference(name="landing", parameters=obj(file="copy.json")),),
        policy=Policy(timeout_seconds=3600),
    )
    each = activity(
        "Each",
        "ForEach",
        "Copy",
        items=call("createArray", literal(1), literal(2)),
        batchCount=4,
        bodies=(
            Body(
                slot="activities",
                activities=(
                    activity(
                        "Choose",
                        "Switch",
                        on=call("string", call("item")),
                        bodies=(
                            Body(slot="cases", case="1", activities=(activity("One"),)),
                            Body(slot="cases", case="2", activities=(activity("Two"),)),
                            Body(slot="defaultActivities", activities=(activity("Other"),)),
                        ),
                    ),
                ),
            ),
        ),
    )
    check = activity(
        "Check",
        "IfCondition",
        "Each",
        expression=call("equals", parameter("day"), literal("2026-01-31")),
        bodies=(
            Body(slot="ifTrueActivities", activities=(activity("Yes"),)),
            Body(slot="ifFalseActivities", activities=(activity("No"),)),
        ),
    )
    failed = activity("Failed", "Fail", "Check:Failed,Skipped", message="it's over", errorCode="500", role=Role.HELPER)
    return Factory(
        name="adf-test",
        location="westeurope",
        pipelines=(
            pipeline(
                extract,
                keep,
                copy,
                each,
                check,
                failed,
                parameters=(
                    Parameter(name="day", type="String", default="@2026"),
                    Parameter(name="size", type="Int", default=MISSING),
                ),
                variables=(PipelineVariable(name="answer"),),
                description="Loads a day.",
                concurrency=1,
                folder="prices",
                annotations=("prices",),
            ),
        ),
        datasets=(
            Dataset(
                name="landing",
                type="Binary",
                linked_service="store",
                parameters=(Parameter(name="file", type="String", default=MISSING),),
                properties=obj(
                    location=obj(
                        type="AzureBlobStorageLocation", container="landing", fileName=select(call("dataset"), "file")
                    )
                ),
            ),
        ),
        linked_services=(
            LinkedService(
                name="key_vault", type="AzureKeyVault", properties=obj(baseUrl="https://kv.vault.azure.net/")
            ),
            LinkedService(
                name="store",
                type="AzureBlobStorage",
                properties=obj(serviceEndpoint="https://store.blob.core.windows.net/", accountKind="StorageV2"),
            ),
            LinkedService(
                name="workspace",
                type="AzureDatabricks",
                properties=obj(
                    domain="https://adb-1.1.azuredatabricks.net",
                    accessToken=secret_reference("key_vault", "token"),
                    existingClusterId="0101-1",
                ),
            ),
        ),
        global_parameters=(Parameter(name="catalog", type="String", default="[crypto]"),),
    )


EMPTY = Object()
