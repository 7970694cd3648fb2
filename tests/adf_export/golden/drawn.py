"""What an engineer would have drawn for each DAG, by hand: the types of its activities, inner ones too."""

WEB, NOTEBOOK, SCRIPT, DELETE, RUN = "WebActivity", "DatabricksNotebook", "Script", "Delete", "ExecutePipeline"

# Folder -> pipeline -> its activities.
DRAWN: dict[str, dict[str, tuple[str, ...]]] = {
    "etl_chain": {"etl_chain": (WEB, NOTEBOOK, SCRIPT)},
    "fan_out_join": {"fan_out_join": (NOTEBOOK,) * 5},
    # After load, whether it succeeded, failed or was skipped.
    "cleanup": {"cleanup": (WEB, NOTEBOOK, DELETE)},
    # After load, if it failed or was skipped: then one of both failed.
    "alert_on_failure": {"alert_on_failure": (WEB, NOTEBOOK, WEB)},
    # Both loads are inside of the IfCondition, the report comes after it.
    "branch_and_join": {"branch_and_join": ("IfCondition", NOTEBOOK, NOTEBOOK, NOTEBOOK)},
    "mapped_extract": {"mapped_extract": ("ForEach", WEB, NOTEBOOK)},
    # Each has retries in its policy.
    "retry_heavy": {"retry_heavy": (WEB, NOTEBOOK, DELETE)},
    "sensor_first": {"sensor_first": ("Validation", NOTEBOOK, DELETE)},
    "sub_pipelines": {"sub_pipelines": (RUN, RUN), "sub_ingest": (NOTEBOOK,), "sub_refine": (NOTEBOOK,)},
    "task_groups": {"task_groups": (WEB, WEB, NOTEBOOK, NOTEBOOK, NOTEBOOK)},
}
