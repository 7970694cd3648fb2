"""The tasks of a mirror. Nothing of Azure is imported here: this module is read whenever the DAG file is parsed."""

from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperator, BaseOperatorLink
from airflow.triggers.base import StartTriggerArgs

from adf_export_airflow.data_factory.links import DataFactoryPipelineRunLink

if TYPE_CHECKING:
    from airflow.sdk import Context

_TRIGGER = "adf_export_airflow.data_factory.mirror.trigger.MirrorTrigger"


class StartPipelineOperator(BaseOperator):
    """Starts the pipeline with the params of this DAG run; its XCom `run_id` names the newest run of the pipeline."""

    ui_color = "#0678d4"
    operator_extra_links = (DataFactoryPipelineRunLink(),)
    # As the link and the operators of pipelines have them: the connection names the factory.
    resource_group_name = ""
    factory_name = ""

    def __init__(
        self, *, pipeline: str, azure_data_factory_conn_id: str, parameters: dict[str, bool], **kwargs: Any
    ) -> None:
        super().__init__(**kwargs)
        self.pipeline = pipeline
        self.azure_data_factory_conn_id = azure_data_factory_conn_id
        # Name: whether the DAG run gives the value (run_values.SOURCES), else the param of the same name does.
        self.parameters = parameters

    def execute(self, context: "Context") -> None:
        from adf_export_airflow.data_factory.mirror.starting import start

        start(self, context)


class MirrorOperator(BaseOperator):
    """Shows one activity, or the outcome of the whole run; the scheduler hands it to the triggerer at once."""

    ui_color = "#e8f1fb"
    start_from_trigger = True
    operator_extra_links: tuple[BaseOperatorLink, ...] = (DataFactoryPipelineRunLink(),)

    def __init__(self, *, mirrored: dict[str, Any], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.mirrored = mirrored
        self.start_trigger_args = StartTriggerArgs(
            trigger_cls=_TRIGGER, trigger_kwargs=mirrored, next_method="execute_complete"
        )

    def execute(self, context: "Context") -> None:
        """Where no scheduler runs (`dag.test`): the same trigger, told which task it is for."""
        from adf_export_airflow.data_factory.mirror.trigger import MirrorTrigger

        ti = context["ti"]
        where = {"dag_id": ti.dag_id, "run_id": ti.run_id, "task_id": ti.task_id, "try_number": ti.try_number}
        self.defer(trigger=MirrorTrigger(**self.mirrored, where=where), method_name="execute_complete")

    def execute_complete(self, context: "Context", event: Any = None) -> None:
        """Reached only from `execute`."""
        from adf_export_airflow.data_factory.mirror.starting import end_as

        end_as(event)
