"""The passes that turn a draft into wired activities, one file each, in the order of PASSES."""

from collections.abc import Callable
from typing import Final

from adf_export.context import Context
from adf_export.ir.unit import Draft
from adf_export.passes.callbacks import callbacks
from adf_export.passes.link import link
from adf_export.passes.map_groups import map_groups
from adf_export.passes.map_tasks import map_tasks
from adf_export.passes.outline import outline
from adf_export.passes.regions import regions
from adf_export.passes.retries import retries
from adf_export.passes.settings import check_settings
from adf_export.passes.tidy import tidy
from adf_export.passes.trigger_rules import trigger_rules

PASSES: Final[tuple[Callable[[Draft, Context], Draft], ...]] = (
    # Reads the settings of the DAG and its tasks; writes diagnostics only.
    check_settings,
    # Reads attempts; writes policies, loops around steps, variables.
    retries,
    # Reads mappings of tasks; writes ForEach around steps, decisions of lists that may be empty.
    map_tasks,
    # Reads mappings of groups; writes pipelines of their own, which a ForEach starts.
    map_groups,
    # Reads units; writes pipelines of their own where one would be too large.
    outline,
    # Reads the callbacks of the DAG and its tasks; writes notices: what their notifiers send.
    callbacks,
    # Reads units, their decisions and results; puts what a decision is about into IfCondition or Switch.
    regions,
    # Reads units, their rules, decisions, notices; writes activities: dependsOn, gates, helpers, RunOk and RunFailed.
    trigger_rules,
    # Reads units, activities, symbols; writes activities without symbols, parameters, variables, global parameters.
    link,
    # Reads expressions; writes shorter ones of the same value.
    tidy,
)
