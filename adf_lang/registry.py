"""Declares the functions of the language: one decorated Python function each, its signature beside it.

A signature reads `name(required: kind, optional?: kind, ...more: kind) -> kind`; a kind is one or more names of
`types.KINDS` with `|` between them. `...more` takes any number of further arguments. Arity and kinds are checked here,
in one place, before the function is called; an optional argument that was not given is not passed.

A function that refuses its arguments raises `RefusalError`; the evaluator adds the expression and the place.
"""

import importlib
from collections.abc import Callable, Iterator, Sequence
from typing import Any, TypeVar

from adf_lang.types import KINDS, PYTHON_TYPES, TYPES, Type, Value

Implementation = TypeVar("Implementation", bound=Callable[..., Any])


class RefusalError(Exception):
    """Why a function refuses its arguments; `argument` is the index of the one to blame, if one is."""

    def __init__(self, reason: str, *, argument: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.argument = argument


class Parameter:
    """One parameter of a function."""

    __slots__ = ("kind", "name", "optional", "python_types", "types", "variadic")

    def __init__(self, text: str) -> None:
        name, _, kind = text.partition(":")
        name = name.strip()
        self.variadic = name.startswith("...")
        self.optional = name.endswith("?")
        self.name = name.removeprefix("...").removesuffix("?")
        # As the signature has it, for documentation and messages: "string | array".
        self.kind = kind.strip()
        self.types = _types(self.kind)
        self.python_types = frozenset(PYTHON_TYPES[item] for item in self.types)


class Function:
    """A function of the language: its signature, documentation and implementation."""

    __slots__ = (
        "call",
        "examples",
        "family",
        "lazy",
        "maximum",
        "minimum",
        "name",
        "parameters",
        "rest",
        "returns",
        "scoped",
        "signature",
        "summary",
    )

    def __init__(self, signature: str, call: Callable[..., Value], *, family: str, lazy: bool, scoped: bool) -> None:
        self.signature = signature
        head, _, returns = signature.partition("->")
        self.name, _, inner = head.strip().removesuffix(")").partition("(")
        listed = [Parameter(part) for part in inner.split(",") if part.strip()]
        self.parameters = tuple(item for item in listed if not item.variadic)
        # What every further argument must be; None: there are no further ones.
        self.rest = next((item for item in listed if item.variadic), None)
        self.returns = _types(returns.strip())
        self.minimum = sum(not item.optional for item in self.parameters)
        self.maximum = None if self.rest else len(self.parameters)
        self.call = call
        self.family = family
        # True: takes unevaluated arguments (callables without parameter) and decides which of them to evaluate.
        self.lazy = lazy
        # True: the scope is passed before the arguments.
        self.scoped = scoped
        paragraphs = (call.__doc__ or "").strip().split("\n\n")
        self.summary = paragraphs[0]
        self.examples = tuple(
            line.strip().removeprefix(">>> ")
            for part in paragraphs[1:]
            for line in part.splitlines()
            if line.strip().startswith(">>> ")
        )

    def parameter(self, index: int) -> Parameter:
        """The parameter that receives the argument at this index."""
        if index < len(self.parameters):
            return self.parameters[index]
        if self.rest is None:
            raise IndexError(index)
        return self.rest

    def check_count(self, count: int) -> None:
        """Raises RefusalError where this many arguments do not fit."""
        if count < self.minimum or (self.maximum is not None and count > self.maximum):
            raise RefusalError(f"{self.signature.partition(' ->')[0]} takes {self._counts()}, not {count}")

    def check_argument(self, index: int, value: Value) -> None:
        """Raises RefusalError where the argument is of another kind."""
        parameter = self.parameter(index)
        if type(value) not in parameter.python_types:
            found = TYPES.get(type(value))
            shown = found.value if found else f"{type(value).__name__}, which is not a JSON value"
            raise RefusalError(
                f"'{parameter.name}' of {self.name} must be {parameter.kind}, but is {shown}", argument=index
            )

    def _counts(self) -> str:
        if self.maximum is None:
            return f"at least {_arguments(self.minimum)}"
        if self.maximum == self.minimum:
            return _arguments(self.minimum)
        return f"{self.minimum} to {_arguments(self.maximum)}"


class Registry:
    """Functions by name, whatever the case.

    The modules that declare them are imported when the first name is looked up: importing the package stays cheap.
    """

    def __init__(self, package: str) -> None:
        self._package = package
        self._loaded = False
        self._functions: dict[str, Function] = {}

    def add(self, function: Function) -> None:
        key = function.name.lower()
        if key in self._functions:
            raise ValueError(f"{function.name} is declared twice")
        self._functions[key] = function

    def get(self, name: str) -> Function | None:
        self._load()
        return self._functions.get(name.lower())

    def __iter__(self) -> Iterator[Function]:
        self._load()
        return iter(sorted(self._functions.values(), key=lambda function: function.name.lower()))

    def names(self) -> Sequence[str]:
        return [function.name for function in self]

    def _load(self) -> None:
        if not self._loaded:
            # Another thread that comes here meanwhile waits in the import.
            importlib.import_module(self._package)
            self._loaded = True


FUNCTIONS = Registry("adf_lang.functions")


def function(signature: str, *, lazy: bool = False, scoped: bool = False) -> Callable[[Implementation], Implementation]:
    """Declares the decorated function as a function of the language.

    Its family is the name of its module; its docstring is one sentence, then `>>>` examples with their result behind
    `->`: the documentation is generated from it and the examples are executed.
    """

    def declare(call: Implementation) -> Implementation:
        family = call.__module__.rpartition(".")[2]
        FUNCTIONS.add(Function(signature, call, family=family, lazy=lazy, scoped=scoped))
        return call

    return declare


def _types(kind: str) -> frozenset[Type]:
    return frozenset().union(*(KINDS[name.strip()] for name in kind.split("|")))


def _arguments(count: int) -> str:
    return f"{count} argument" if count == 1 else f"{count} arguments"
