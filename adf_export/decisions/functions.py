"""Runs a Python function over terms: Python parses it, this visits its statements."""

import ast
from collections.abc import Mapping
from typing import Final, TypeAlias

from adf_export.codes import DECISION_NOT_EXPRESSIBLE
from adf_export.decisions.expressions import Expressions, Names
from adf_export.decisions.source import definition
from adf_export.ir.factory import Json
from adf_export.ir.values import Function
from adf_export.templating import Scope
from adf_export.templating.given import term_of_json
from adf_export.templating.lowering import Lowering
from adf_export.templating.names import has_root, root
from adf_export.templating.results import checked, node_of
from adf_export.templating.terms import NOTHING, Listing, Namespace, Record, Term
from adf_export.templating.truth import choose, truth
from adf_lang.nodes import Literal, Node

# Statements that are run, each `if` in both ways: beyond it an expression would be too long anyway.
_MAX_STEPS: Final = 2000
# A value of a document, or a term: what a document does not have, such as an object with methods.
Argument: TypeAlias = "Json | Term"
_LOGGERS: Final = frozenset({"log", "logger", "logging", "LOG"})


def lower_function(
    function: Function, positional: tuple[Argument, ...], keyword: Mapping[str, Json], scope: Scope
) -> Node:
    """The value that a function returns for these arguments, as one expression with the value's own type.

    A branch gets its task id or list of task ids, a short circuit whatever its condition returns: `truth_of` makes a
    boolean of it. `positional` and `keyword` are op_args and op_kwargs (or the arguments of a TaskFlow call), lowered;
    names of Airflow's context that the function takes besides (`ds`, `params`, `ti`, `**context`) are added here.

    Raises:
        Refusal: DECISION_NOT_EXPRESSIBLE, at the line of Python that has no equal expression.
    """
    lowering = _lowering(function, scope)
    return checked(lowering, node_of(lowering, _returned(lowering, function, positional, keyword)))


def truth_of(function: Function, positional: tuple[Argument, ...], keyword: Mapping[str, Json], scope: Scope) -> Node:
    """Whether Python takes the returned value for true, as a boolean expression: the condition of a short circuit.

    Raises:
        Refusal: as `lower_function`.
    """
    lowering = _lowering(function, scope)
    return checked(lowering, truth(lowering, _returned(lowering, function, positional, keyword)))


def members_of(
    function: Function, positional: tuple[Argument, ...], keyword: Mapping[str, Json], scope: Scope
) -> tuple[str, ...]:
    """The members of the dict that a function returns; none where it returns something else.

    Raises:
        Refusal: as `lower_function`.
    """
    returned = _returned(_lowering(function, scope), function, positional, keyword)
    return tuple(name for name, _ in returned.members) if isinstance(returned, Record) else ()


def _lowering(function: Function, scope: Scope) -> Lowering:
    return Lowering(
        scope=scope, text=function.name, noun="function", code=DECISION_NOT_EXPRESSIBLE, first_line=function.line
    )


def _returned(
    lowering: Lowering, function: Function, positional: tuple[Argument, ...], keyword: Mapping[str, Json]
) -> Term:
    found = definition(lowering, function)
    dag = lowering.scope.dag
    names = bind(
        lowering,
        found.args,
        [value if isinstance(value, Term) else term_of_json(value, dag) for value in positional],
        {name: term_of_json(value, dag) for name, value in keyword.items()},
    )
    runner = Statements(lowering, function)
    if isinstance(found, ast.Lambda):
        return Expressions(lowering, function, names).term(found.body)
    return runner.run(found.body, names)


def bind(lowering: Lowering, wanted: ast.arguments, positional: list[Term], keyword: dict[str, Term]) -> Names:
    """The parameters of a function: by its arguments, then by Airflow's context, then by their defaults.

    Raises:
        Refusal: one of them has no value.
    """
    names: Names = {}
    ordered = [*wanted.posonlyargs, *wanted.args]
    defaults: dict[str, ast.expr | None] = {argument.arg: None for argument in (*ordered, *wanted.kwonlyargs)}
    defaults.update(zip([a.arg for a in ordered[len(ordered) - len(wanted.defaults) :]], wanted.defaults, strict=True))
    defaults.update(zip([a.arg for a in wanted.kwonlyargs], wanted.kw_defaults, strict=True))
    for index, argument in enumerate((*ordered, *wanted.kwonlyargs)):
        name, default = argument.arg, defaults[argument.arg]
        if index < len(positional) and index < len(ordered):
            names[name] = positional[index]
        elif name in keyword:
            names[name] = keyword[name]
        elif has_root(name):
            names[name] = root(lowering, name)
        elif default is not None:
            names[name] = Expressions(lowering, None, {}).term(default)
        else:
            raise lowering.refusal(f"the argument '{name}' has no value", hint="give it in op_kwargs")
    if wanted.vararg:
        names[wanted.vararg.arg] = Listing(items=tuple(positional[len(ordered) :]))
    if wanted.kwarg:
        more = tuple((name, value) for name, value in keyword.items() if name not in names)
        names[wanted.kwarg.arg] = Namespace(path="", more=more)
    return names


class Statements:
    """Runs the statements of one function; a term for what it returns."""

    def __init__(self, lowering: Lowering, function: Function) -> None:
        self.lowering = lowering
        self.function = function
        self.steps = 0

    def run(self, body: list[ast.stmt], names: Names) -> Term:
        """What a block returns; None where it ends without return."""
        names = dict(names)
        for index, statement in enumerate(body):
            self._count(statement)
            if isinstance(statement, ast.Return):
                return NOTHING if statement.value is None else self._values(names).term(statement.value)
            if isinstance(statement, ast.If):
                return self._branch(statement, body[index + 1 :], names)
            if isinstance(statement, ast.For):
                return self._loop(statement, body[index + 1 :], names)
            self._step(statement, names)
        return NOTHING

    def _count(self, statement: ast.stmt) -> None:
        self.lowering.line = statement.lineno
        self.steps += 1
        if self.steps > _MAX_STEPS:
            raise self.lowering.refusal("it has too many ways for one expression")

    def _values(self, names: Names) -> Expressions:
        return Expressions(self.lowering, self.function, names)

    def _branch(self, statement: ast.If, rest: list[ast.stmt], names: Names) -> Term:
        condition = self._values(names).condition(statement.test)
        if isinstance(condition, Literal):
            return self.run([*(statement.body if condition.value else statement.orelse), *rest], names)
        yes = self.run([*statement.body, *rest], names)
        return choose(condition, yes, self.run([*statement.orelse, *rest], names))

    def _loop(self, statement: ast.For, rest: list[ast.stmt], names: Names) -> Term:
        """A loop over constants: its body so many times."""
        over = self._values(names).term(statement.iter)
        if not isinstance(over, Listing) or _jumps(statement):
            raise self.lowering.refusal("a loop has no equal expression", hint="loop over constants, without break")
        body: list[ast.stmt] = []
        inside = dict(names)
        for index, item in enumerate(over.items):
            name = f" {statement.lineno} {index}"
            inside[name] = item
            value = ast.copy_location(ast.Name(id=name, ctx=ast.Load()), statement)
            body.append(ast.copy_location(ast.Assign(targets=[statement.target], value=value), statement))
            body += statement.body
        return self.run([*body, *statement.orelse, *rest], inside)

    def _step(self, statement: ast.stmt, names: Names) -> None:
        values = self._values(names)
        if isinstance(statement, ast.Assign) and len(statement.targets) == 1:
            values.assign(statement.targets[0], values.term(statement.value))
        elif isinstance(statement, ast.AnnAssign) and statement.value is not None:
            values.assign(statement.target, values.term(statement.value))
        elif isinstance(statement, ast.AugAssign):
            operation = ast.copy_location(
                ast.BinOp(left=_read(statement.target), op=statement.op, right=statement.value), statement
            )
            values.assign(statement.target, values.term(operation))
        elif isinstance(statement, ast.Import | ast.ImportFrom):
            for alias in statement.names:
                names.pop(alias.asname or alias.name, None)
        elif not (isinstance(statement, ast.Pass) or _has_no_effect(statement)):
            raise self.lowering.refusal(f"'{_first_line(statement)}' has no equal expression")


def _read(target: ast.expr) -> ast.expr:
    return ast.copy_location(ast.Name(id=target.id, ctx=ast.Load()), target) if isinstance(target, ast.Name) else target


def _jumps(statement: ast.For) -> bool:
    return any(isinstance(node, ast.Break | ast.Continue) for node in ast.walk(statement))


def _has_no_effect(statement: ast.stmt) -> bool:
    """A docstring, or a line for the log: it has no place in an expression and decides nothing."""
    if not isinstance(statement, ast.Expr):
        return False
    value = statement.value
    if isinstance(value, ast.Constant):
        return True
    if not isinstance(value, ast.Call):
        return False
    called = value.func
    if isinstance(called, ast.Name):
        return called.id == "print"
    return isinstance(called, ast.Attribute) and isinstance(called.value, ast.Name) and called.value.id in _LOGGERS


def _first_line(statement: ast.stmt) -> str:
    return ast.unparse(statement).partition("\n")[0]
