"""`dbutils.widgets`: a run's parameters, with defaults."""

from collections.abc import Mapping, Sequence


class InputWidgetNotDefined(Exception):  # noqa: N818 - the name that Databricks shows
    """A widget is read that neither the notebook nor the run's parameters define."""


class InvalidWidgetDefault(Exception):  # noqa: N818 - of the same family
    """A default value is not one of the choices."""


class Widgets:
    """Input values of the notebook: text, dropdown, combobox, multiselect, get, getAll, remove, removeAll"""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._given = dict(parameters)
        self._defaults: dict[str, str] = {}

    def preset(self, name: str, value: str) -> None:
        """Give a value as the run's parameters do."""
        self._given[name] = value

    def text(self, name: str, defaultValue: str, label: str | None = None) -> None:  # noqa: N803 - Databricks' name
        """Define a free text."""
        del label
        self._define(name, defaultValue, None)

    def dropdown(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: N803
        """Define one of several choices."""
        del label
        self._define(name, defaultValue, choices)

    def combobox(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: N803
        """Define a free text with proposals."""
        del label, choices
        self._define(name, defaultValue, None)

    def multiselect(self, name: str, defaultValue: str, choices: Sequence[str], label: str | None = None) -> None:  # noqa: N803
        """Define several of several choices, read as one comma-separated text."""
        del label
        self._define(name, defaultValue, choices)

    def get(self, name: str) -> str:
        """The value of the run, else the default."""
        for values in (self._given, self._defaults):
            if name in values:
                return values[name]
        raise InputWidgetNotDefined(f"No input widget named {name} is defined")

    def getArgument(self, name: str, defaultValue: str | None = None) -> str:  # noqa: N802, N803
        """The older form of `get`."""
        if defaultValue is not None and name not in self._given | self._defaults:
            return defaultValue
        return self.get(name)

    def getAll(self) -> dict[str, str]:  # noqa: N802
        """All values by name."""
        return self._defaults | self._given

    def remove(self, name: str) -> None:
        """Forget a widget."""
        self._defaults.pop(name, None)
        self._given.pop(name, None)

    def removeAll(self) -> None:  # noqa: N802
        """Forget all widgets."""
        self._defaults.clear()
        self._given.clear()

    def _define(self, name: str, default: str, choices: Sequence[str] | None) -> None:
        if not isinstance(default, str):
            raise TypeError(f"the default of widget {name} must be a text, not {default!r}")
        if choices is not None and default not in choices:
            raise InvalidWidgetDefault(f"the default {default!r} of widget {name} is not one of {list(choices)}")
        self._defaults[name] = default
