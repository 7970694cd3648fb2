"""The rules that go beyond types, in the order in which they are asked."""

from collections.abc import Callable

from local_azure.data_factory.validation.rules.declarations import check_declarations
from local_azure.data_factory.validation.rules.dependencies import check_dependencies
from local_azure.data_factory.validation.rules.execution import check_execution
from local_azure.data_factory.validation.rules.expressions import check_expressions
from local_azure.data_factory.validation.rules.names import check_names
from local_azure.data_factory.validation.rules.nesting import check_nesting
from local_azure.data_factory.validation.rules.policies import check_policies
from local_azure.data_factory.validation.rules.references import check_references
from local_azure.data_factory.validation.rules.sizes import check_sizes
from local_azure.data_factory.validation.rules.variables import check_variables
from local_azure.data_factory.validation.subject import Found, Subject

Rule = Callable[[Subject], Found]

RULES: tuple[Rule, ...] = (
    check_sizes,  # bytes, and how many there are of what
    check_names,  # of the document and of activities: characters, length, uniqueness
    check_declarations,  # parameters, variables, global parameters: defaults fit their types
    check_nesting,  # which activity may stand in which
    check_dependencies,  # dependsOn: known, once, without a cycle
    check_references,  # other resources exist and get their parameters
    check_variables,  # what SetVariable and AppendVariable may set
    check_policies,  # policies that the type has
    check_expressions,  # syntax, functions, names in scope, types
    check_execution,  # what the local Data Factory does not execute
)
