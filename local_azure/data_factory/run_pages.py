"""The pages of pipeline runs in a browser, under the path that the portal of the real service has them at.

`/monitoring/pipelineruns/{run id}`: state, parameters, and the tree of activities with input, output and error, what
failed opened and first; `/monitoring`: the newest runs. They only read, and show what queryActivityruns shows: what is
secure is hidden there too. Like the pages of Databricks runs they need no token, and answer only to known host names.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from html import escape
from typing import Any, Final, Protocol
from urllib.parse import quote

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from local_azure.data_factory.records import ActivityRun, PipelineRun
from local_azure.data_factory.wire import activity_document, run_document

Json = Any
ROOT: Final = "/monitoring"
_NEAR: Final = ("127.0.0.1", "localhost")
_NEWEST: Final = 100
# Of an input or output; the REST API has all of it.
_LONGEST: Final = 20_000
_INSIDE: Final = ("activities", "ifTrueActivities", "ifFalseActivities", "defaultActivities")
_BAD: Final = ("Failed", "Cancelled")
_OPEN: Final = ("Queued", "InProgress", "Canceling")
_HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_STYLE: Final = """
:root { color-scheme: light dark }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem }
pre { background: #8881; padding: .8rem; overflow-x: auto; white-space: pre-wrap; overflow-wrap: anywhere }
details { margin: .2rem 0 .2rem 1.2rem } summary { cursor: pointer } .quiet { opacity: .65 }
table { border-collapse: collapse } td, th { padding: .2rem .9rem .2rem 0; text-align: left }
.Succeeded { color: #0a7a35 } .Failed { color: #c5221f; font-weight: bold } .Cancelled { color: #a86400 }
.InProgress { color: #1a73e8 } .Skipped, .Inactive { opacity: .6 }
"""


class Runs(Protocol):
    """What the pages read: the store."""

    def run(self, run_id: str) -> PipelineRun | None: ...
    def runs_of_group(self, factory: str, group_id: str) -> Sequence[PipelineRun]: ...
    def activities(self, run_id: str) -> Sequence[ActivityRun]: ...
    def newest_runs(self, limit: int) -> Sequence[PipelineRun]: ...


def router(runs: Runs, hosts: Iterable[str]) -> APIRouter:
    """The routes; `hosts` are names besides this machine's that a browser may call them by."""
    found = APIRouter()
    names = {*_NEAR, *hosts}

    def page(request: Request, make: Callable[[], tuple[int, str]]) -> HTMLResponse:
        # A page of another site that resolves its own name to this machine must not read runs.
        if (request.url.hostname or "") not in names:
            return HTMLResponse(_document("Refused", "<p>This page is for this machine only.</p>"), 403, _HEADERS)
        status, text = make()
        return HTMLResponse(text, status, _HEADERS)

    @found.get(ROOT)
    @found.get(f"{ROOT}/")
    def _list(request: Request) -> HTMLResponse:
        return page(request, lambda: (200, list_page(runs.newest_runs(_NEWEST))))

    @found.get(f"{ROOT}/pipelineruns/{{run_id}}")
    def _run(request: Request, run_id: str, activity: str = "") -> HTMLResponse:
        def make() -> tuple[int, str]:
            run = runs.run(run_id)
            if run is None:
                return 404, _document("No such run", f"<p>There is no run {escape(run_id)}. {_LINK}</p>")
            group = runs.runs_of_group(run.factory, run.group_id)
            return 200, run_page(run, runs.activities(run_id), group, activity)

        return page(request, make)

    return found


_LINK: Final = f'<a href="{ROOT}">All runs</a>'


def list_page(runs: Sequence[PipelineRun]) -> str:
    """The newest runs, those that did not succeed first."""
    rows = "".join(
        f"<tr><td class={run.status}>{run.status}</td>"
        f"<td><a href='{_address(run.run_id)}'>{escape(run.pipeline)}</a></td>"
        f"<td>{_moment(run.created)}</td><td>{_seconds(run.start, run.end)}</td><td class=quiet>{run.run_id}</td></tr>"
        for run in sorted(runs, key=lambda run: str(run.status) not in _BAD)
    )
    head = "<tr><th>Status<th>Pipeline<th>Created<th>Duration<th>Run</tr>"
    return _document("Pipeline runs", f"<table>{head}{rows}</table>" if runs else "<p>Nothing has run yet.</p>")


def run_page(run: PipelineRun, activities: Sequence[ActivityRun], group: Sequence[PipelineRun], opened: str) -> str:
    """One run: what failed on top, then all activities as they are nested."""
    told = run_document("", run)
    bad = [one for one in activities if str(one.status) in _BAD and one.error_message]
    places = _descriptions(run.definition.get("activities") or [])
    others = [one for one in group if one.run_id != run.run_id]
    parts = [
        f"<p><strong class={run.status}>{run.status}</strong> {_seconds(run.start, run.end)}, created "
        f"{_moment(run.created)} by {escape(run.invoked_by.name)} <span class=quiet>{run.run_id}</span></p>",
        f"<pre>{escape(run.message)}</pre>" if run.message else "",
        f"<h2>What failed</h2>{''.join(_failure(one, places) for one in bad)}" if bad else "",
        "<p>Other runs of this group: " + ", ".join(_run_link(one) for one in others) + "</p>" if others else "",
        f"<h2>Parameters</h2><pre>{_json(told['parameters'])}</pre>" if told["parameters"] else "",
        f"<h2>Activities</h2>{_tree(_nested(activities), places, opened)}",
        f"<p>{_LINK}</p>",
    ]
    return _document(f"{run.pipeline}: {run.status}", "".join(parts), refresh=str(run.status) in _OPEN)


def _nested(activities: Sequence[ActivityRun]) -> dict[str, Any]:
    """Key segment to its activity runs and what is below: keys look like `Load[3]/Copy`."""
    top: dict[str, Any] = {"runs": [], "below": {}}
    for run in activities:
        at = top
        for part in run.key.split("/"):
            at = at["below"].setdefault(part, {"runs": [], "below": {}})
        at["runs"].append(run)
    below: dict[str, Any] = top["below"]
    return below


def _tree(level: Mapping[str, Any], places: Mapping[str, str], opened: str) -> str:
    made = []
    for name, node in level.items():
        runs: list[ActivityRun] = node["runs"]
        inside = _tree(node["below"], places, opened)
        if not runs:
            made.append((False, f"<details open><summary>{escape(name)}</summary>{inside}</details>"))
            continue
        last = runs[-1]
        bad = str(last.status) in _BAD
        shown = " open" if bad or (opened and _holds(node, opened)) else ""
        attempts = f", {len(runs)} attempts" if len(runs) > 1 else ""
        bodies = "".join(_facts(one) for one in runs)
        summary = (
            f"<summary><span class={last.status}>{last.status}</span> <strong>{escape(last.name)}</strong> "
            f"<span class=quiet>{escape(last.type)} {_seconds(last.start, last.end)}{attempts} "
            f"{escape(_airflow(last, places))}</span></summary>"
        )
        made.append((bad, f"<details{shown}>{summary}{bodies}{inside}</details>"))
    return "".join(text for _, text in sorted(made, key=lambda each: not each[0]))


def _holds(node: Mapping[str, Any], name: str) -> bool:
    return any(run.name == name for run in node["runs"]) or any(_holds(one, name) for one in node["below"].values())


def _facts(run: ActivityRun) -> str:
    told = activity_document("", "", run)
    child = told["output"].get("pipelineRunId") if isinstance(told["output"], dict) else None
    page = told["output"].get("runPageUrl") if isinstance(told["output"], dict) else None
    parts = [
        f"<pre class=Failed>{escape(f'{run.error_code}: {run.error_message}')}</pre>" if run.error_message else "",
        f"<p>Started pipeline run <a href='{_address(str(child))}'>{escape(str(child))}</a></p>" if child else "",
        f"<p>Databricks: <a href='{escape(str(page))}'>{escape(str(page))}</a></p>" if page else "",
        *(f"<p class=quiet>{name}</p><pre>{_json(told[name])}</pre>" for name in ("input", "output") if told[name]),
    ]
    return "".join(parts) or "<p class=quiet>no input, no output</p>"


def _failure(run: ActivityRun, places: Mapping[str, str]) -> str:
    return (
        f"<p><strong>{escape(run.key)}</strong> <span class=quiet>{escape(_airflow(run, places))}</span></p>"
        f"<pre class=Failed>{escape(f'{run.error_code} {run.failure_type}: {run.error_message}')}</pre>"
    )


def _airflow(run: ActivityRun, places: Mapping[str, str]) -> str:
    """The Airflow task that an activity came from, and its line, where the compiler has said so."""
    marks = run.user_properties
    task, helper = marks.get("airflow_task_id"), marks.get("airflow_helper")
    said = [f"task {task}" if task else "", f"helper of {helper}" if helper else "", places.get(run.name, "")]
    return " ".join(part for part in said if part)


def _descriptions(activities: Sequence[Json]) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in activities:
        found[one["name"]] = str(one.get("description") or "")
        given = one.get("typeProperties") or {}
        lists = [given.get(name) or [] for name in _INSIDE]
        lists += [case.get("activities") or [] for case in given.get("cases") or []]
        for inside in lists:
            found |= _descriptions(inside)
    return found


def _run_link(run: PipelineRun) -> str:
    return f"<a href='{_address(run.run_id)}'>{_moment(run.created)}</a> ({run.status})"


def _address(run_id: str) -> str:
    return f"{ROOT}/pipelineruns/{quote(run_id)}"


def _json(value: Json) -> str:
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return escape(text if len(text) <= _LONGEST else f"{text[:_LONGEST]}\n... {len(text)} characters")


def _moment(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%d %H:%M:%S UTC")


def _seconds(start: datetime | None, end: datetime | None) -> str:
    return f"{(end - start).total_seconds():.1f} s" if start and end else ""


def _document(title: str, body: str, *, refresh: bool = False) -> str:
    again = '<meta http-equiv="refresh" content="2">' if refresh else ""
    return (
        f"<!doctype html><html lang=en><head><meta charset=utf-8>{again}<title>{escape(title)}</title>"
        f"<style>{_STYLE}</style></head><body><h1>{escape(title)}</h1>{body}</body></html>"
    )
