"""What a translator works with: one task's fields, lowered on demand, and the resources that its activities need."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

import msgspec

from adf_export.codes import (
    CONNECTION_INVALID,
    CONNECTION_NOT_CONFIGURED,
    FIELD_INVALID,
    FIELD_NOT_CONSTANT,
    FIELD_NOT_EXPORTED,
    MAPPING_NOT_EXPORTED,
    Code,
)
from adf_export.context import Context
from adf_export.diagnostics import Refusal, diagnostic
from adf_export.environment import Connection
from adf_export.ir.dag import Dag, Task
from adf_export.ir.factory import (
    MISSING,
    Activity,
    Body,
    Dataset,
    DatasetReference,
    Dependency,
    Json,
    LinkedService,
    Object,
    PipelineVariable,
    Policy,
    Role,
    obj,
)
from adf_export.ir.origin import Origin
from adf_export.ir.unit import Attempts, Decision, Resources, Unit
from adf_export.ir.values import Constant, Items, MapItem, Members, Value, XCom
from adf_export.names import clean
from adf_export.templating import Scope, as_node, lower_value
from adf_lang.nodes import Node

Document = TypeVar("Document", LinkedService, Dataset)
_ABSENT = Constant(value=None)


class Workbench:
    """One task on its way to a unit. Reading a field counts as exporting it; what is never read is refused later."""

    def __init__(self, task: Task, dag: Dag, context: Context) -> None:
        self.task = task
        self.dag = dag
        self.context = context
        self.linked_services: dict[str, LinkedService] = {}
        self.datasets: dict[str, Dataset] = {}
        self.variables: list[PipelineVariable] = []
        self.read: set[str] = set()
        self._fields = dict(task.fields)
        self._lines = dict(task.field_lines)
        # A mapped argument reads its part of the map item.
        self._mapped = self._mapped_names()

    # Fields

    def field(self, name: str) -> Value:
        """A field as the DAG gives it; Constant(None) where it does not."""
        self.read.add(name)
        return self._fields.get(name, _ABSENT)

    def has(self, name: str) -> bool:
        """Whether the field has a value other than None."""
        return name in self._mapped or self.field(name) != _ABSENT

    def value(self, name: str) -> Json:
        """A field as it stands in a document: literals, objects, arrays, expressions in them."""
        self.read.add(name)
        return lower_value(self._mapped_or_given(name), self.scope(name))

    def node(self, name: str) -> Node:
        """A field as one expression."""
        return as_node(self.value(name))

    def constant(self, name: str) -> bool | int | float | str | None:
        """A field that must be a scalar known at compile time.

        Raises:
            Refusal: it is a template or an XCom, or no scalar.
        """
        value = self.field(name)
        if isinstance(value, Constant) and name not in self._mapped:
            return value.value
        raise self.refusal(
            FIELD_NOT_CONSTANT,
            f"'{name}' of {self.short_operator} '{self.task.task_id}' must be known when the DAG is compiled",
            field=name,
            hint="give a constant instead of a template, an XCom or a mapped value",
        )

    def scope(self, name: str = "") -> Scope:
        """What a template of a field may use."""
        return Scope(
            dag=self.dag,
            task=self.task,
            origin=self.origin(name),
            is_template=name in self.task.template_fields,
            report=self.context.report,
        )

    def origin(self, name: str = "") -> Origin:
        """The place of a field, or of the task."""
        place = self.task.origin
        return msgspec.structs.replace(place, line=self._lines.get(name, place.line), field=name) if name else place

    @property
    def short_operator(self) -> str:
        return self.task.operator.rpartition(".")[2]

    # Diagnostics

    def refusal(self, code: Code, summary: str, *, field: str = "", detail: str = "", hint: str = "") -> Refusal:
        """An exception to raise: the task is refused."""
        return Refusal(diagnostic(code, summary, origin=self.origin(field), detail=detail, hint=hint))

    def tell(self, code: Code, summary: str, *, field: str = "", detail: str = "", hint: str = "") -> None:
        """A warning or note: the task is exported all the same."""
        self.context.report(diagnostic(code, summary, origin=self.origin(field), detail=detail, hint=hint))

    def not_exported(self, name: str, why: str, *, hint: str = "") -> Refusal:
        """The refusal of a field that the activity cannot honour."""
        return self.refusal(
            FIELD_NOT_EXPORTED, f"'{name}' of {self.short_operator} cannot be exported: {why}", field=name, hint=hint
        )

    def invalid(self, name: str, why: str, *, hint: str = "") -> Refusal:
        return self.refusal(FIELD_INVALID, f"'{name}' of {self.short_operator} {why}", field=name, hint=hint)

    # Resources

    def connection(self, name: str, *, default: str) -> Connection:
        """The connection that a field names; reported once where the environment file has no entry for it."""
        conn_id = self.constant(name) if self.has(name) else default
        if not isinstance(conn_id, str):
            raise self.invalid(name, f"is {conn_id!r}, not the id of a connection")
        return self.connection_of(conn_id, field=name)

    def connection_of(self, conn_id: str, *, field: str = "") -> Connection:
        found = self.context.environment.connection(conn_id)
        if not found.configured:
            self.tell(
                CONNECTION_NOT_CONFIGURED,
                f"connection '{conn_id}' is not in the environment file: its address ends with .invalid",
                field=field,
                hint=f"add [connections.{conn_id}] to the file that --env names",
            )
        return found

    def connection_fault(self, connection: Connection, why: str, *, hint: str = "") -> Refusal:
        return self.refusal(CONNECTION_INVALID, f"connection '{connection.conn_id}' {why}", hint=hint)

    def vault(self) -> str:
        """Name of the Key Vault's linked service."""
        address = self.context.environment.key_vault or "https://key-vault.invalid"
        if not self.context.environment.key_vault:
            self.tell(
                CONNECTION_NOT_CONFIGURED,
                "the environment file names no vault: its address ends with .invalid",
                hint='add key_vault = "https://<name>.vault.azure.net" to [factory]',
            )
        return self.linked_service(
            LinkedService(name="key_vault", type="AzureKeyVault", properties=obj(baseUrl=f"{address}/"))
        )

    def linked_service(self, wanted: LinkedService) -> str:
        """Adds a linked service and gives its name."""
        return self._keep(self.linked_services, replace(wanted, name=clean(wanted.name, dashes=False)))

    def dataset(self, wanted: Dataset) -> str:
        """Adds a dataset and gives its name; equal ones of other tasks are shared."""
        return self._keep(self.datasets, replace(wanted, name=clean(wanted.name, dashes=False)))

    def variable(self, activity: str, type: str = "String") -> str:
        """Adds a variable of the pipeline for an activity that sets or appends, and gives its name: the activity's."""
        self.variables.append(PipelineVariable(name=activity, type=type, default=() if type == "Array" else MISSING))
        return activity

    @staticmethod
    def _keep(documents: dict[str, Document], wanted: Document) -> str:
        assert documents.get(wanted.name, wanted) == wanted, f"two documents named {wanted.name}"
        documents[wanted.name] = wanted
        return wanted.name

    # Results

    def name(self, suffix: str = "") -> str:
        """A free activity name made of the task's id; with a suffix, that of one of its steps or helpers."""
        return self.context.names.take(f"{self.task.task_id}{'_' + suffix if suffix else ''}")

    def activity(
        self,
        name: str,
        type: str,
        properties: Object | Mapping[str, Json] = Object(),  # noqa: B008  # it is frozen
        *,
        role: Role = Role.TASK,
        description: str = "",
        after: tuple[str, ...] = (),
        bodies: tuple[Body, ...] = (),
        linked_service: str | None = None,
        linked_service_parameters: Object = Object(),  # noqa: B008  # it is frozen
        policy: Policy | None = None,
        inputs: tuple[DatasetReference, ...] = (),
        outputs: tuple[DatasetReference, ...] = (),
    ) -> Activity:
        """An activity of this task; `after` names steps that must succeed before."""
        return Activity(
            name=name,
            type=type,
            role=role,
            origin=self.task.origin,
            description=description,
            depends_on=tuple(Dependency(activity=step) for step in after),
            properties=properties if isinstance(properties, Object) else obj(properties),
            bodies=bodies,
            linked_service=linked_service,
            linked_service_parameters=linked_service_parameters,
            policy=policy,
            inputs=inputs,
            outputs=outputs,
        )

    def unit(
        self,
        *steps: Activity,
        results: Mapping[str, Node] | None = None,
        decision: Decision | None = None,
        never_empty: bool = False,
        attempts: Attempts | None = None,
    ) -> Unit:
        """The unit of this task; `results`: "return_value" and further XCom keys, as far as the task pushes any."""
        task = self.task
        return Unit(
            id=task.task_id,
            origin=task.origin,
            tasks=(task.task_id,),
            rule=task.trigger_rule,
            upstream=task.upstream,
            steps=steps,
            decision=decision,
            is_setup=task.is_setup,
            is_teardown=task.is_teardown,
            on_failure_fail_dagrun=task.on_failure_fail_dagrun,
            results=tuple((results or {}).items()),
            never_empty=never_empty,
            attempts=attempts or self.attempts(),
        )

    def gives_objects(self, *members: str) -> None:
        """Tells that the return value is a list of objects with these members: expand_kwargs may run over it."""
        self.context.members[self.task.task_id] = frozenset(members)

    def attempts(self) -> Attempts:
        """The task's retries and execution_timeout; a translator changes them where its operator does."""
        task = self.task
        return Attempts(
            retries=task.retries,
            delay_seconds=task.retry_delay_seconds,
            exponential_backoff=task.retry_exponential_backoff,
            max_delay_seconds=task.max_retry_delay_seconds,
            timeout_seconds=task.execution_timeout_seconds,
        )

    def resources(self) -> Resources:
        return Resources(linked_services=dict(self.linked_services), datasets=dict(self.datasets))

    def _mapped_names(self) -> frozenset[str]:
        """The arguments that each copy of a mapped task has for itself.

        Raises:
            Refusal: the items of expand_kwargs are not known well enough to tell.
        """
        mapping = self.task.mapping
        if mapping is None or mapping.expand_kwargs is None:
            return frozenset(name for name, _ in mapping.expand) if mapping else frozenset()
        given = mapping.expand_kwargs
        if isinstance(given, XCom) and given.task_id in self.context.members:
            return self.context.members[given.task_id]
        items = given.items if isinstance(given, Items) else ()
        names = {frozenset(dict(item.members)) for item in items if isinstance(item, Members)}
        if len(names) == 1 and all(isinstance(item, Members) for item in items):
            return next(iter(names))
        raise self.refusal(
            MAPPING_NOT_EXPORTED,
            f"it is not known which arguments expand_kwargs gives to '{self.task.task_id}'",
            hint="give a list of dicts that all have the same keys, or use expand",
        )

    def _mapped_or_given(self, name: str) -> Value:
        if name in self._mapped:
            return MapItem(group_id="", argument=name)
        return self.field(name)
