"""The rules that go beyond types, one file each, in the order in which they are asked."""

from collections.abc import Callable
from typing import Final

from adf_export.validate.rules.dependencies import check_dependencies
from adf_export.validate.rules.expressions import check_expressions
from adf_export.validate.rules.names import check_names
from adf_export.validate.rules.nesting import check_nesting
from adf_export.validate.rules.policies import check_policies
from adf_export.validate.rules.references import check_references
from adf_export.validate.rules.secrecy import check_secrecy
from adf_export.validate.rules.sizes import check_sizes
from adf_export.validate.rules.variables import check_variables
from adf_export.validate.subject import Found, Subject

RULES: Final[tuple[Callable[[Subject], Found], ...]] = (
    check_sizes,  # bytes, and how many there are of what
    check_names,  # characters, length, uniqueness
    check_nesting,  # which activity may stand in which
    check_dependencies,  # dependsOn: known, once, without a circle
    check_references,  # other documents exist and get their parameters
    check_variables,  # what SetVariable and AppendVariable may set
    check_policies,  # timeouts within what the service takes
    check_expressions,  # syntax, functions, names in scope, types
    check_secrecy,  # what is read from a vault is hidden
)
