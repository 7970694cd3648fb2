"""The page behind run_page_url: state, error and log of a run."""

from datetime import UTC, datetime
from html import escape

from local_azure.databricks.records import Record

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 70rem; padding: 0 1rem; color: #1b1b1b }
pre { background: #f4f4f4; padding: .8rem; overflow-x: auto; white-space: pre-wrap }
.SUCCESS { color: #0a7a35 } .FAILED, .TIMEDOUT, .INTERNAL_ERROR { color: #b3261e } .CANCELED { color: #8a5a00 }
"""


def run_page(run: Record, attempts: list[tuple[Record, str]]) -> str:
    """One page for a run and the log ends of its attempts."""
    refresh = '<meta http-equiv="refresh" content="2">' if run.state.active else ""
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8>{refresh}<title>{escape(run.name)}</title>"
        f"<style>{STYLE}</style></head><body><h1>{escape(run.name)}</h1>{_facts(run)}"
        + "".join(_attempt(attempt, log) for attempt, log in attempts)
        + "</body></html>"
    )


def _attempt(attempt: Record, log: str) -> str:
    trace = f"<h3>Error</h3><pre>{escape(attempt.error_trace or attempt.error)}</pre>" if attempt.error else ""
    result = f"<h3>Result</h3><pre>{escape(attempt.result)}</pre>" if attempt.result is not None else ""
    number = f", attempt {attempt.attempt_number + 1}" if attempt.attempt_number else ""
    return (
        f"<h2>{escape(attempt.name)}{number}</h2>{_facts(attempt)}{trace}{result}"
        f"<h3>Log</h3><pre>{escape(log) or 'empty'}</pre>"
    )


def _facts(record: Record) -> str:
    state = record.state.result or record.state.life_cycle
    seconds = f", {(record.end_time - record.start_time) / 1000:.1f} s" if record.end_time else ""
    started = datetime.fromtimestamp(record.start_time / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
    return (
        f"<p>Run {record.run_id}: <strong class={escape(state)}>{escape(state)}</strong>"
        f", started {started}{seconds}</p>"
        f"<p>{escape(record.state.message)}</p>"
    )
