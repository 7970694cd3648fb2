"""The variables of a run and what its pipeline returns, rebuilt after a restart from the activities that set them."""

from collections.abc import Mapping
from typing import Any

from local_azure.data_factory.errors import ActivityError
from local_azure.data_factory.evaluation import INVALID
from local_azure.data_factory.parameters import UnfitError, fit, initial_variables
from local_azure.data_factory.records import ActivityRun, ActivityStatus

Json = Any
RETURN_VALUE = "pipelineReturnValue"


class Variables:
    """The variables by name; names are found whatever their case."""

    def __init__(self, declared: Mapping[str, Mapping[str, Json]]) -> None:
        self._declared = declared
        self._names = {name.lower(): name for name in declared}
        self.values = initial_variables(declared)
        self.returned: dict[str, Json] = {}

    def get(self, name: str) -> Json:
        """The value of a variable now; ActivityError where there is none of that name."""
        return self.values[self._name(name)]

    def set(self, name: str, value: Json) -> None:
        """Sets a variable; ActivityError where there is none of that name or the type does not fit."""
        known = self._name(name)
        try:
            self.values[known] = fit(value, str(self._declared[known].get("type", "String")))
        except UnfitError as error:
            raise ActivityError(INVALID, f"variable '{known}' {error}") from error

    def apply(self, record: ActivityRun, output: Mapping[str, Json]) -> None:
        """Does again what an activity did, if it was one that sets variables and has succeeded."""
        if record.status is not ActivityStatus.SUCCEEDED:
            return
        if record.type == "SetVariable":
            if output["name"] == RETURN_VALUE and RETURN_VALUE.lower() not in self._names:
                self.returned.update(output["value"])
            else:
                self.set(output["name"], output["value"])
        elif record.type == "AppendVariable":
            self.set(output["name"], [*self.get(output["name"]), output["value"]])

    def _name(self, name: str) -> str:
        known = self._names.get(name.lower())
        if known is None:
            declared = ", ".join(self._declared) or "none"
            raise ActivityError(INVALID, f"there is no variable '{name}' (declared: {declared})")
        return known
