"""Where real files and Microsoft's pages differ from Microsoft's type table, and we follow the files: one row each."""

# Object of the table -> properties that may be anything, where the table says string or object.
LITERALS: dict[str, tuple[str, ...]] = {
    # Objects and arrays are sent as JSON; seen in templates of Azure/Azure-DataFactory.
    "AzureFunctionActivityTypeProperties": ("body",),
    # Objects and arrays by the pages of the connectors, and in templates.
    "HttpReadSettings": ("additionalHeaders",),
    "RestSource": ("additionalColumns", "additionalHeaders", "paginationRules"),
    "WebActivityTypeProperties": ("body",),
    "WebHookActivityTypeProperties": ("body",),
}

# Object of the table -> properties that it lacks and the page of the connector has.
PROPERTIES: dict[str, tuple[str, ...]] = {
    # Version 2.0 of the connector.
    "AzurePostgreSqlLinkedServiceTypeProperties": ("authenticationType",),
}

# Object of the table -> property -> further values of an enumeration.
VALUES: dict[str, dict[str, tuple[str, ...]]] = {
    # The page of the activity has it.
    "WebActivityTypeProperties": {"method": ("PATCH",)},
}

# Object of the table -> properties that the table lacks and the authoring tool writes for itself.
WRITTEN_BY_TOOLS: dict[str, frozenset[str]] = {
    "Pipeline": frozenset({"lastPublishTime"}),
}

# Object of the table -> properties that mean something only where they are not empty.
EMPTY_IN_FILES: dict[str, frozenset[str]] = {
    "PipelinePolicy": frozenset({"cancelAfter"}),
}

# Types of parameters and variables in small letters, as the authoring tool writes them; the table has Int, Bool ...
PARAMETER_TYPES = ("array", "bool", "boolean", "float", "int", "integer", "object", "securestring", "string")
VARIABLE_TYPES = ("array", "bool", "boolean", "integer", "string")
GLOBAL_PARAMETER_TYPES = ("array", "bool", "boolean", "float", "int", "integer", "object", "string")
DECLARATIONS: dict[str, tuple[str, ...]] = {
    "GlobalParameterSpecification": GLOBAL_PARAMETER_TYPES,
    "ParameterSpecification": PARAMETER_TYPES,
    "VariableSpecification": VARIABLE_TYPES,
}

# Properties whose enumeration is read in any case.
ANY_CASE = frozenset({"state", "onInactiveMarkAs", "dependencyConditions"})

# Objects whose unknown properties are judged by a rule of their own: real files have policies that ask for nothing.
JUDGED_BY_RULE = frozenset({"SecureInputOutputPolicy", "ExecutePipelineActivityPolicy"})
