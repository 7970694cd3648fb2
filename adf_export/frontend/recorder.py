"""Remembers where in the user's files operators, groups and DAGs are made, and with which arguments.

Airflow's objects do not know their line. So their constructors are wrapped, in the fork alone.
"""

import functools
import sys
from collections.abc import Callable
from types import CodeType, FrameType
from typing import Any, NamedTuple

from adf_export.frontend.places import Territory


class Spot(NamedTuple):
    """A call in a file of the user's; its end tells it from all other calls of the file."""

    file: str
    line: int
    end_line: int
    end_column: int


class VariableRead(NamedTuple):
    """A Variable that was asked for while the file was imported."""

    key: str
    spot: Spot | None


class Recorder:
    """What was seen while one file was imported; objects are known by their identity and kept alive for it."""

    def __init__(self, territory: Territory) -> None:
        self._territory = territory
        self._spots: dict[int, Spot] = {}
        self._arguments: dict[int, dict[str, Any]] = {}
        self._alive: list[object] = []
        self._positions: dict[CodeType, list[tuple[int | None, ...]]] = {}
        self.variables: list[VariableRead] = []
        # The exception of a Variable that has no value -> its key.
        self.missing: dict[int, str] = {}

    def spot(self, made: object) -> Spot | None:
        """Where an operator, group or DAG was made."""
        return self._spots.get(id(made))

    def arguments(self, made: object) -> dict[str, Any]:
        """What the constructor of an operator was given."""
        return self._arguments.get(id(made), {})

    def knows(self, made: object) -> bool:
        return id(made) in self._arguments

    def add(self, made: object, spot: Spot | None, arguments: dict[str, Any] | None = None) -> None:
        self._alive.append(made)
        if spot is not None:
            self._spots.setdefault(id(made), spot)
        if arguments is not None:
            self._arguments[id(made)] = dict(arguments)

    def caller(self) -> Spot | None:
        """The innermost call in a file of the user's."""
        frame: FrameType | None = sys._getframe(1)
        while frame is not None:
            function = _decorated_dag(frame)
            if function is not None:
                return Spot(function.co_filename, function.co_firstlineno, 0, 0)
            if self._territory.has(frame.f_code.co_filename):
                return self._spot_of(frame)
            frame = frame.f_back
        return None

    def _spot_of(self, frame: FrameType) -> Spot:
        code = frame.f_code
        if code not in self._positions:
            self._positions[code] = list(code.co_positions())
        _, end_line, _, end_column = self._positions[code][frame.f_lasti // 2]
        return Spot(code.co_filename, frame.f_lineno, end_line or 0, end_column or 0)


def _decorated_dag(frame: FrameType) -> CodeType | None:
    """The function below `@dag`, where this is the frame that makes its DAG."""
    if frame.f_code.co_name != "factory" or frame.f_globals.get("__name__") != "airflow.sdk.definitions.dag":
        return None
    if "dag_obj" in frame.f_locals:
        return None  # the DAG is there: what is made now is one of its tasks
    code: CodeType = frame.f_locals["f"].__code__
    return code


def install(recorder: Recorder) -> None:
    """Wraps the constructors of operators, mapped operators, groups and DAGs, and what reads Variables."""
    from airflow.models.variable import Variable as CoreVariable
    from airflow.sdk import DAG, BaseOperator, TaskGroup, Variable
    from airflow.sdk.definitions.mappedoperator import MappedOperator

    _wrap_operators(BaseOperator, recorder)
    for owner in (DAG, TaskGroup, MappedOperator):
        _wrap_end_of_init(owner, recorder)
    _wrap_get(Variable, recorder)
    core: Any = CoreVariable
    core.get = classmethod(_core_get)


def _core_get(cls: Any, /, key: str, *default: Any, deserialize_json: bool = False, **named: Any) -> Any:
    """`airflow.models.Variable.get` asks the SDK while DAG files are parsed: it must not look for a database."""
    from airflow.sdk import Variable

    given = default[:1] or ((named["default_var"],) if "default_var" in named else ())
    more = {"default": given[0]} if given else {}
    return Variable.get(key, deserialize_json=default[1] if len(default) > 1 else deserialize_json, **more)


def _wrap_operators(base: Any, recorder: Recorder) -> None:
    """Wraps `__init__` of all operators that are there, and of those whose class is made later."""
    for owner in _with_subclasses(base):
        if "__init__" in vars(owner):
            owner.__init__ = _recording(owner.__init__, recorder)
    meta = type(base)
    original = meta._apply_defaults.__func__

    def apply_defaults(cls: type, init: Any) -> Any:
        return _recording(original(cls, init), recorder)

    meta._apply_defaults = classmethod(apply_defaults)


def _with_subclasses(base: Any) -> set[Any]:
    found = {base}
    for owner in base.__subclasses__():
        found |= _with_subclasses(owner)
    return found


def _recording(init: Any, recorder: Recorder) -> Any:
    """An `__init__` that remembers its first call for an object: the one from outside, not those by `super()`.

    Airflow compares `__wrapped__` and looks at signatures: both stay as they were.
    """

    @functools.wraps(init)
    def wrapper(made: Any, *args: Any, **arguments: Any) -> None:
        if not recorder.knows(made):
            recorder.add(made, recorder.caller(), arguments)
        init(made, *args, **arguments)

    wrapper.__wrapped__ = getattr(init, "__wrapped__", init)
    return wrapper


def _wrap_end_of_init(owner: type, recorder: Recorder) -> None:
    original: Callable[[object], None] = owner.__attrs_post_init__  # type: ignore[attr-defined]  # attrs' own hook

    @functools.wraps(original)
    def wrapper(made: object) -> None:
        recorder.add(made, recorder.caller())
        original(made)

    owner.__attrs_post_init__ = wrapper  # type: ignore[attr-defined]  # likewise


def _wrap_get(owner: Any, recorder: Recorder) -> None:
    original = owner.get.__func__

    @functools.wraps(original)
    def get(cls: type, key: str, *args: Any, **arguments: Any) -> Any:
        recorder.variables.append(VariableRead(key, recorder.caller()))
        try:
            return original(cls, key, *args, **arguments)
        except Exception as error:
            recorder.missing[id(error)] = key
            raise

    owner.get = classmethod(get)
