"""Tasks as the front-end reads them, from plain Python values; and what becomes of them."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from adf_export.backends.documents import documents
from adf_export.compiler import Compiled, assemble, compile_dag
from adf_export.diagnostics import has_errors
from adf_export.environment import Environment
from adf_export.ir.dag import Dag, Task
from adf_export.ir.factory import Factory
from adf_export.ir.values import Constant, Items, Members, Template, Value
from adf_export.validate import validate
from tests.adf_export.passes.building import dag as dag_of
from tests.adf_export.passes.building import place
from tests.adf_export.running import refusals

Json = Any


def value(plain: Any) -> Value:
    """Texts with Jinja in them are templates."""
    if isinstance(plain, dict):
        return Members(members=tuple((name, value(member)) for name, member in plain.items()))
    if isinstance(plain, list | tuple):
        return Items(items=tuple(value(item) for item in plain))
    if isinstance(plain, str) and "{{" in plain:
        return Template(text=plain)
    return Constant(value=plain) if isinstance(plain, str | int | float | bool | None) else plain


def task(
    operator: str, task_id: str = "t", *upstream: str, of_task: Mapping[str, Any] | None = None, **fields: Any
) -> Task:
    """A task of an operator; `of_task`: what is said beside the operator's own arguments."""
    return Task(
        task_id=task_id,
        origin=place(task_id),
        operator=operator,
        fields=tuple((name, value(given)) for name, given in fields.items()),
        given=tuple(fields),
        template_fields=tuple(fields),
        upstream=upstream,
        **(of_task or {}),
    )


@dataclass(frozen=True)
class Made:
    """One DAG, compiled."""

    compiled: Compiled
    factory: Factory

    @property
    def codes(self) -> list[str]:
        return [one.code for one in self.compiled.diagnostics]

    @property
    def summaries(self) -> str:
        return "\n".join(one.summary for one in self.compiled.diagnostics)

    def documents(self, kind: str) -> dict[str, Json]:
        """Properties of all documents of a kind, by name."""
        found = [json.loads(text) for path, text in documents(self.factory).items() if path.startswith(f"{kind}/")]
        return {document["name"]: document["properties"] for document in found}

    def activities(self, pipeline: str = "d") -> dict[str, Json]:
        assert self.compiled.pipelines, self.summaries
        return {one["name"]: one for one in self.documents("pipeline")[pipeline]["activities"]}

    def refused_by_local_factory(self) -> list[str]:
        return refusals(self.factory)


def made(*tasks: Task, environment: Environment, dags: Mapping[str, Dag] | None = None, **of_dag: Any) -> Made:
    whole = dag_of(*tasks, **of_dag)
    compiled = compile_dag(whole, environment, {whole.dag_id: whole, **(dags or {})})
    factory = assemble([compiled], environment)
    # Pipelines of other DAGs are not in it.
    assert dags or not has_errors(validate(factory)), validate(factory)
    return Made(compiled, factory)
