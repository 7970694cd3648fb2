"""Writes docs/templates.md from the tables: `python -m adf_export.decisions.reference > docs/templates.md`."""

import sys
from collections.abc import Iterable

from adf_export.decisions.builtins import BUILTINS
from adf_export.templating.checks import CHECKS
from adf_export.templating.filters import FILTERS
from adf_export.templating.jinja import STEADY_FILTERS
from adf_export.templating.loops import GLOBALS
from adf_export.templating.methods import DICT_METHODS, MOMENT_METHODS, TEXT_METHODS
from adf_export.templating.moments import FORMATS
from adf_export.templating.names import ALIASES, NAMES, REMOVED

_HEAD = """# Templates

Jinja in template fields, and the decisions of Python functions, become expressions of Data Factory. An expression gives
what Airflow renders, or the task is refused (ADF202, ADF203, ADF206) at its line; where only some values differ, as an
XCom of unknown type, a warning (ADF207) says which. The tests render every template of their tables with Airflow and
evaluate its expression over random runs: equal values. This page is made from the tables of
`adf_export/templating` and `adf_export/decisions`.

What is constant is calculated while a DAG is compiled, with all of Jinja. A param has the type of its JSON Schema, else
of its default. Rendering with `render_template_as_native_obj` keeps types, as in Airflow; a datetime that is a
whole field becomes its ISO 8601 text, since JSON has no datetimes.

General limits: members of objects are found whatever their case; lengths and places count UTF-16 units; letters with
several capitals (the German sharp s) stay as they are in `upper`; an expression has at most 8,192 characters.
"""


def reference() -> str:
    """The page."""
    return "\n".join([_HEAD, *_names(), *_tables(), *_decisions()]).rstrip() + "\n"


def _names() -> Iterable[str]:
    yield "## Names\n"
    yield "| name | what it gives |"
    yield "|---|---|"
    for path, name in sorted(NAMES.items()):
        if name.exported:
            yield f"| `{path}` | {name.doc} |"
    yield ""
    yield ", ".join(f"`{alias}` is `{name}`" for alias, name in sorted(ALIASES.items())) + "."
    yield "`ds`, `ts` and their like need a logical date: runs of exported pipelines always have one."
    yield "Constants among the DAG's `user_defined_macros` are names too.\n"
    yield "Refused:\n"
    yield "| name | why |"
    yield "|---|---|"
    for path, name in sorted(NAMES.items()):
        if not name.exported:
            yield f"| `{path}` | {name.doc} |"
    yield ""
    yield "Names of Airflow 2 are told with what to write instead: " + _listed(REMOVED) + ".\n"


def _tables() -> Iterable[str]:
    yield "## Filters, tests, methods\n"
    yield f"Filters: {_listed(FILTERS)}.\n"
    yield f"Of constants also: {_listed(set(STEADY_FILTERS) - set(FILTERS))}.\n"
    yield f"Tests: {_listed(CHECKS)}.\n"
    yield f"Functions: {_listed(f'{name}()' for name in GLOBALS)}.\n"
    yield f"Methods of texts: {_listed(TEXT_METHODS)}; of dicts: {_listed(DICT_METHODS)}.\n"
    yield f"Methods of datetimes: {_listed(MOMENT_METHODS)}.\n"
    yield "Codes of `strftime`, and the pattern that each becomes:\n"
    yield "| code | pattern |"
    yield "|---|---|"
    for code, pattern in sorted(FORMATS.items()):
        yield f"| `%{code}` | `{pattern}` |"
    yield ""
    yield "`%j`, `%s`, `%u`, `%w`, `%z`, `%Z` (of UTC) and `%%` become expressions of their own.\n"


def _decisions() -> Iterable[str]:
    yield "## Decisions\n"
    yield "The function of a branch or short circuit may have assignments, `if`, `return`, conditional expressions,"
    yield "comparisons, arithmetic, f-strings, lists, dicts, loops over constants, and constants of its module. Lines"
    yield "that only print or log are left out. It may call the methods above, what Airflow's context gives, and:"
    yield f"{_listed(f'{name}()' for name in BUILTINS)}."


def _listed(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


if __name__ == "__main__":
    sys.stdout.write(reference())
