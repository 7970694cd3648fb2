"""The forms in which a factory can be written, a row each."""

from collections.abc import Callable, Mapping
from typing import Final

from adf_export.backends.arm import arm_files
from adf_export.backends.bicep import bicep_files
from adf_export.backends.git import git_files
from adf_export.ir.factory import Factory

# Name -> what makes its files: path -> text.
FORMATS: Final[Mapping[str, Callable[[Factory], dict[str, str]]]] = {
    "arm": arm_files,
    "bicep": bicep_files,
    "git": git_files,
}
# Those that are deployed by Azure Resource Manager, and have its limits.
DEPLOYMENTS: Final = frozenset({"arm", "bicep"})
