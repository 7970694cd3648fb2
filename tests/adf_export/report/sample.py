"""A report with one of everything, by hand."""

from adf_export.codes import CALLBACK_NOT_EXPORTED, IMPORT_FAILED, NO_NATIVE_ACTIVITY, SETTING_IGNORED
from adf_export.diagnostics import diagnostic
from adf_export.ir.origin import Origin
from adf_export.report.model import ActivityReport, DagReport, Report, TaskReport, Verdict

DAILY = Origin(file="daily.py", line=3, dag_id="daily")
SHELL = Origin(file="sub folder/shell.py", line=7, dag_id="shell")


def of_task(origin: Origin, task_id: str, line: int) -> Origin:
    return Origin(file=origin.file, line=line, dag_id=origin.dag_id, task_id=task_id)


def activity(name: str, type: str, *, helper: bool = False) -> ActivityReport:
    return ActivityReport(pipeline="daily", name=name, type=type, helper=helper)


COUNT = of_task(SHELL, "count", 9)
TELL = of_task(DAILY, "tell", 12)
REPORT = Report(
    folder="dags",
    diagnostics=(
        diagnostic(IMPORT_FAILED, "the file cannot be imported", origin=Origin(file="broken.py", line=2), hint="mend"),
    ),
    dags=(
        DagReport(
            dag_id="daily",
            origin=DAILY,
            exported=True,
            pipelines=("daily",),
            diagnostics=(diagnostic(SETTING_IGNORED, "'owner' | is *ignored*", origin=DAILY),),
            tasks=(
                TaskReport(
                    task_id="ask",
                    operator="HttpOperator",
                    verdict=Verdict.NATIVE,
                    origin=of_task(DAILY, "ask", 5),
                    activities=(activity("ask", "WebActivity"), activity("ask_gate", "Fail", helper=True)),
                ),
                TaskReport(
                    task_id="tell",
                    operator="HttpOperator",
                    verdict=Verdict.APPROXIMATED,
                    origin=TELL,
                    activities=(activity("tell", "WebActivity"),),
                    diagnostics=(
                        diagnostic(CALLBACK_NOT_EXPORTED, "on_retry_callback is left out", origin=TELL, detail="Why."),
                    ),
                ),
            ),
            helpers=(activity("RunOk", "SetVariable", helper=True), activity("RunFailed", "Fail", helper=True)),
        ),
        DagReport(
            dag_id="shell",
            origin=SHELL,
            exported=False,
            tasks=(
                TaskReport(
                    task_id="count",
                    operator="BashOperator",
                    verdict=Verdict.REFUSED,
                    origin=COUNT,
                    diagnostics=(
                        diagnostic(NO_NATIVE_ACTIVITY, "BashOperator 'count' has no activity", origin=COUNT, hint="x"),
                    ),
                ),
            ),
        ),
    ),
)
