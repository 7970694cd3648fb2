"""Where each argument of BaseOperator and DAG ends up: nothing that a DAG says may vanish."""

from enum import Enum
from typing import Final


class Goes(Enum):
    """What becomes of an argument."""

    # A member of Task or Dag of the same or a like name.
    MEMBER = "member"
    # Into `settings`, where it is given and not the default.
    SETTING = "setting"
    # It is in the shape of what is read: parents, defaults, schedules, templates.
    SHAPE = "shape"


OPERATOR_ARGUMENTS: Final[dict[str, Goes]] = {
    "allow_nested_operators": Goes.SETTING,
    "dag": Goes.SHAPE,
    "default_args": Goes.SHAPE,
    "depends_on_past": Goes.MEMBER,
    "do_xcom_push": Goes.MEMBER,
    "doc": Goes.MEMBER,
    "doc_json": Goes.SETTING,
    "doc_md": Goes.MEMBER,
    "doc_rst": Goes.SETTING,
    "doc_yaml": Goes.SETTING,
    "email": Goes.SETTING,
    "email_on_failure": Goes.SETTING,
    "email_on_retry": Goes.SETTING,
    "end_date": Goes.MEMBER,
    "execution_timeout": Goes.MEMBER,
    "executor": Goes.SETTING,
    "executor_config": Goes.SETTING,
    "ignore_first_depends_on_past": Goes.SETTING,
    "inlets": Goes.MEMBER,
    "logger_name": Goes.SETTING,
    "map_index_template": Goes.SETTING,
    "max_active_tis_per_dag": Goes.MEMBER,
    "max_active_tis_per_dagrun": Goes.MEMBER,
    "max_retry_delay": Goes.MEMBER,
    "multiple_outputs": Goes.MEMBER,
    "on_execute_callback": Goes.MEMBER,
    "on_failure_callback": Goes.MEMBER,
    "on_retry_callback": Goes.MEMBER,
    "on_skipped_callback": Goes.MEMBER,
    "on_success_callback": Goes.MEMBER,
    "outlets": Goes.MEMBER,
    "owner": Goes.MEMBER,
    # Those of the task alone; what it has from the DAG is in the DAG.
    "params": Goes.SETTING,
    "pool": Goes.MEMBER,
    "pool_slots": Goes.MEMBER,
    "post_execute": Goes.SETTING,
    "pre_execute": Goes.SETTING,
    "priority_weight": Goes.MEMBER,
    "queue": Goes.MEMBER,
    "render_template_as_native_obj": Goes.SETTING,
    "resources": Goes.SETTING,
    "retries": Goes.MEMBER,
    "retry_delay": Goes.MEMBER,
    "retry_exponential_backoff": Goes.MEMBER,
    "retry_policy": Goes.SETTING,
    "run_as_user": Goes.SETTING,
    "sla": Goes.SETTING,
    "start_date": Goes.MEMBER,
    "task_display_name": Goes.SETTING,
    "task_group": Goes.SHAPE,
    "task_id": Goes.MEMBER,
    "trigger_rule": Goes.MEMBER,
    "wait_for_downstream": Goes.MEMBER,
    "wait_for_past_depends_before_skipping": Goes.SETTING,
    "weight_rule": Goes.MEMBER,
}

DAG_ARGUMENTS: Final[dict[str, Goes]] = {
    "access_control": Goes.SETTING,
    "allowed_run_types": Goes.SETTING,
    # A DAG that is not registered is not among those that are read.
    "auto_register": Goes.SHAPE,
    "catchup": Goes.MEMBER,
    "dag_display_name": Goes.SETTING,
    "dag_id": Goes.MEMBER,
    "dagrun_timeout": Goes.MEMBER,
    "deadline": Goes.SETTING,
    "default_args": Goes.SHAPE,
    "description": Goes.MEMBER,
    "disable_bundle_versioning": Goes.SETTING,
    "doc_md": Goes.MEMBER,
    "end_date": Goes.MEMBER,
    "fail_fast": Goes.MEMBER,
    "is_paused_upon_creation": Goes.SETTING,
    "jinja_environment_kwargs": Goes.SETTING,
    "max_active_runs": Goes.MEMBER,
    "max_active_tasks": Goes.MEMBER,
    "max_consecutive_failed_dag_runs": Goes.SETTING,
    "on_failure_callback": Goes.MEMBER,
    "on_success_callback": Goes.MEMBER,
    "owner_links": Goes.SETTING,
    "params": Goes.MEMBER,
    "render_template_as_native_obj": Goes.MEMBER,
    "rerun_with_latest_version": Goes.SETTING,
    "schedule": Goes.MEMBER,
    "sla_miss_callback": Goes.SETTING,
    "start_date": Goes.MEMBER,
    "tags": Goes.MEMBER,
    "task_group": Goes.SHAPE,
    # Template files are read from it; {% include %} is refused where it stands.
    "template_searchpath": Goes.SHAPE,
    "template_undefined": Goes.MEMBER,
    "user_defined_filters": Goes.MEMBER,
    "user_defined_macros": Goes.MEMBER,
}
