"""ExecutePipeline: starts a run of another pipeline and, where it is told to, waits for it."""

from local_azure.data_factory.activities.base import ActivityContext, ActivityType, AfterRestart, Json
from local_azure.data_factory.activities.values import boolean, flow_of
from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.records import RunStatus


async def run(context: ActivityContext) -> dict[str, Json]:
    """Gives the name and id of the run, and what it returned if it was waited for."""
    flow = flow_of(context.flow)
    name = context.properties["pipeline"]["referenceName"]
    parameters = context.value("parameters", {})
    wait = boolean(context.value("waitOnCompletion", context.choices.execute_pipeline_waits), "waitOnCompletion")
    context.record_input({"pipeline": name, "parameters": parameters, "waitOnCompletion": wait})
    run_id = flow.start_pipeline(name, parameters)
    started = {"pipelineName": name, "pipelineRunId": run_id}
    if not wait:
        return started
    ended = await flow.wait_for(run_id)
    if ended.status is not RunStatus.SUCCEEDED:
        message = ended.message or f"run {run_id} of pipeline '{name}' is {ended.status}"
        raise ActivityError("BadRequest", message, output=started)
    return {**started, "pipelineReturnValue": dict(ended.return_value)}


EXECUTE_PIPELINE = ActivityType(
    name="ExecutePipeline",
    run=run,
    properties=frozenset({"pipeline", "parameters", "waitOnCompletion"}),
    after_restart=AfterRestart.RESUME,
    policy=False,
)
