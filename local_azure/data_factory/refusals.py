"""Every way in which a request is refused: status, code, message.

Where `AZURE` names a code, code and message are the service's own words (seen in the issue trackers of its clients);
the others are ours, in the same envelope.
"""

from collections.abc import Sequence

from local_azure.data_factory.errors import ArmError, Problem

API_VERSION = "2018-06-01"

# The codes whose wording is Azure's own.
AZURE = frozenset(
    {
        "AuthenticationFailed",
        "InvalidAuthenticationToken",
        "MissingApiVersionParameter",
        "InvalidRequestContent",
        "InvalidResourceType",
        "LocationRequired",
        "ParentResourceNotFound",
        "PipelineRunNotRunning",
        "ReferencedPipelineRunNotValid",
        "ResourceNotFound",
        "TriggerEnabledCannotUpdate",
    }
)

# What a kind of resource is called in codes and messages.
KIND_WORDS = {
    "pipelines": ("Pipeline", "pipeline"),
    "datasets": ("Dataset", "dataset"),
    "linkedservices": ("LinkedService", "linked service"),
    "triggers": ("Trigger", "trigger"),
    "dataflows": ("DataFlow", "data flow"),
    "integrationruntimes": ("IntegrationRuntime", "integration runtime"),
    "credentials": ("Credential", "credential"),
    "adfcdcs": ("ChangeDataCapture", "change data capture"),
    "managedvirtualnetworks": ("ManagedVirtualNetwork", "managed virtual network"),
    "globalparameters": ("GlobalParameter", "global parameters"),
}


def no_token() -> ArmError:
    return ArmError(401, "AuthenticationFailed", "Authentication failed. The 'Authorization' header is missing.")


def bad_token(reason: str) -> ArmError:
    return ArmError(401, "InvalidAuthenticationToken", f"The access token is invalid: {reason}.")


def no_api_version() -> ArmError:
    message = "The api-version query parameter (?api-version=) is required for all requests."
    return ArmError(400, "MissingApiVersionParameter", message)


def unknown_api_version(given: str) -> ArmError:
    message = f"The api-version '{given}' is invalid. The supported versions are '{API_VERSION}'."
    return ArmError(400, "InvalidApiVersionParameter", message)


def unknown_path(path: str) -> ArmError:
    message = (
        f"The resource type could not be found in the namespace 'Microsoft.DataFactory' for api version "
        f"'{API_VERSION}': '{path}' is no path of Data Factory's REST API."
    )
    return ArmError(404, "InvalidResourceType", message)


def wrong_method(method: str, path: str, allowed: Sequence[str]) -> ArmError:
    message = f"The method {method} is not offered at '{path}', which takes {', '.join(allowed)}."
    return ArmError(405, "MethodNotAllowed", message)


def not_offered(operation: str, reason: str) -> ArmError:
    """For an operation of the service that has no meaning or no implementation on this machine."""
    return ArmError(501, "NotSupportedLocally", f"The local Data Factory does not offer {operation}: {reason}.")


def too_large(limit: int) -> ArmError:
    return ArmError(413, "RequestEntityTooLarge", f"The body of the request is larger than {limit} bytes.")


def bad_content(reason: str) -> ArmError:
    message = f"The request content was invalid and could not be deserialized: '{reason}'."
    return ArmError(400, "InvalidRequestContent", message)


def bad_request(message: str, *, target: str | None = None) -> ArmError:
    return ArmError(400, "BadRequest", message, target=target)


def factory_not_found(name: str, resource_group: str) -> ArmError:
    message = (
        f"The Resource 'Microsoft.DataFactory/factories/{name}' under resource group '{resource_group}' was not "
        "found. For more details please go to https://aka.ms/ARMResourceNotFoundFix"
    )
    return ArmError(404, "ResourceNotFound", message)


def parent_not_found(factory: str) -> ArmError:
    message = f"Can not perform requested operation on nested resource. Parent resource '{factory}' not found."
    return ArmError(404, "ParentResourceNotFound", message)


def not_found(kind: str, name: str) -> ArmError:
    code, words = KIND_WORDS[kind]
    return ArmError(404, f"{code}NotFound", f"There is no {words} '{name}' in this factory.", target=name)


def run_not_found(run_id: str) -> ArmError:
    message = f"There is no pipeline run '{run_id}' in this factory."
    return ArmError(404, "PipelineRunNotFound", message, target=run_id)


def run_not_running(run_id: str, status: str) -> ArmError:
    message = (
        f"Pipeline run has already completed with status '{status}'."
        "Only pipeline runs that are in progress or queued can be canceled."
    )
    return ArmError(400, "PipelineRunNotRunning", message, target=run_id)


def reference_run_not_valid(run_id: str, pipeline: str) -> ArmError:
    message = f"Referenced pipeline run id {run_id} is not a valid run id."
    return ArmError(400, "ReferencedPipelineRunNotValid", message, target=f"pipeline/{pipeline}/")


def trigger_run_not_found(run_id: str) -> ArmError:
    message = f"There is no trigger run '{run_id}': the local Data Factory does not fire triggers yet."
    return ArmError(404, "TriggerRunNotFound", message, target=run_id)


def trigger_started() -> ArmError:
    message = "Cannot update enabled Trigger; the trigger needs to be disabled first. "
    return ArmError(400, "TriggerEnabledCannotUpdate", message)


def no_location() -> ArmError:
    return ArmError(400, "LocationRequired", "The location property is required for this definition.")


def other_location(name: str, known: str, given: str) -> ArmError:
    message = (
        f"The factory '{name}' exists in location '{known}' and cannot be moved to '{given}': "
        "delete it first, or give it another name."
    )
    return ArmError(409, "InvalidResourceLocation", message)


def changed(etag: str) -> ArmError:
    message = f"The etag of the resource is {etag}, another one than If-Match asks for: read it again, then change it."
    return ArmError(412, "PreconditionFailed", message)


def not_there() -> ArmError:
    return ArmError(412, "PreconditionFailed", "If-Match asks for a resource that exists, and there is none.")


def already_there(etag: str) -> ArmError:
    return ArmError(412, "PreconditionFailed", f"If-None-Match asks for no such resource; there is one, etag {etag}.")


def referenced(target: str, by: str) -> ArmError:
    message = f"The document cannot be deleted since it is referenced by {by}."
    return ArmError(400, "BadRequest", message, target=target)


def running(factory: str, runs: int) -> ArmError:
    message = f"The factory '{factory}' has {runs} pipeline runs that have not ended: cancel them, then delete it."
    return ArmError(409, "Conflict", message, target=factory)


def invalid(kind: str, name: str, target: str, problems: Sequence[Problem]) -> ArmError:
    """For a document that breaks rules: one entry of `details` a rule, the place is its target."""
    _, words = KIND_WORDS.get(kind, ("Factory", "factory"))
    more = f" (and {len(problems) - 1} more, see details)" if len(problems) > 1 else ""
    message = f"The {words} '{name}' is not valid: {problems[0].path}: {problems[0].message}{more}"
    details = [ArmError(400, "InvalidProperty", each.message, target=each.path) for each in problems]
    return ArmError(400, "BadRequest", message, target=target, details=details)
