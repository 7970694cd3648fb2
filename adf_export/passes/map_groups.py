"""Refuses mapped task groups: their copies are judged one by one, which one pipeline cannot do."""

from adf_export.codes import MAPPING_NOT_EXPORTED
from adf_export.context import Context
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.ir.unit import Draft


def map_groups(draft: Draft, context: Context) -> Draft:
    """The draft as it is: groups that are not mapped cost nothing.

    Raises:
        Refusal: a group is mapped; all such groups are reported.
    """
    refused = [
        diagnostic(
            MAPPING_NOT_EXPORTED,
            f"mapped task group '{group.group_id}' cannot be exported",
            origin=group.origin,
            hint="map its tasks one by one, or move it into a DAG of its own",
        )
        for group in draft.dag.groups
        if group.mapping is not None
    ]
    for one in refused:
        context.report(one)
    if refused:
        raise Refusal(refused[-1])
    return draft
