"""Says which activity may stand in which: loops hold branches, branches hold no container, nothing goes deeper."""

from local_azure.data_factory.validation.subject import Found, Subject, problem

# Container -> what may not stand in it.
CONTAINERS = frozenset({"ForEach", "IfCondition", "Switch", "Until"})
FORBIDDEN: dict[str, frozenset[str]] = {
    "ForEach": frozenset({"ForEach", "Until", "Validation"}),
    "IfCondition": CONTAINERS | {"Validation"},
    "Switch": CONTAINERS | {"Validation"},
    "Until": frozenset({"ForEach", "Until", "Validation"}),
}


def check_nesting(subject: Subject) -> Found:
    """Activities that Data Factory does not run where they stand."""
    for activity in subject.pipeline.activities:
        outer = activity.scope.container
        if outer is not None and activity.active and activity.type in FORBIDDEN.get(outer.type, ()):
            yield problem(
                (*activity.path, "type"),
                f"{activity.type} '{activity.name}' cannot stand in {outer.type} '{outer.name}': move it to a pipeline "
                "of its own and start that by ExecutePipeline",
            )
