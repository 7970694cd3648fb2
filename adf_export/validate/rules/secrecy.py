"""Keeps secrets out of the records of runs: who reads one hides its output, and who uses it hides its input."""

from adf_export.validate.reading import names_in
from adf_export.validate.subject import Found, Problem, Step, Subject

_VAULT = ".vault.azure.net/secrets/"


def check_secrecy(subject: Subject) -> Found:
    """Web activities that ask a vault, then all whose expressions name one of them."""
    readers = {step.name.lower(): step for step in subject.steps if _reads_a_secret(step)}
    for step in readers.values():
        if not _policy(step, "secureOutput"):
            what = f"'{step.name}' reads a secret and would show it: it needs secureOutput"
            yield Problem(path=(*step.path, "policy"), what=what)
    told: set[str] = set()
    for site in subject.shape.sites if readers else ():
        user = subject.step_at(site.path)
        named = readers.keys() & {name.lower() for name in names_in(site.text, "activity")}
        if user is None or not named or _policy(user, "secureInput") or user.name in told:
            continue
        told.add(user.name)
        what = f"'{user.name}' uses the secret of '{readers[min(named)].name}' and would show it: it needs secureInput"
        yield Problem(path=(*user.path, "policy"), what=what)


def _reads_a_secret(step: Step) -> bool:
    url = step.properties.get("url")
    text = url.get("value", "") if isinstance(url, dict) else url
    return step.type == "WebActivity" and isinstance(text, str) and _VAULT in text


def _policy(step: Step, member: str) -> bool:
    return step.json.get("policy", {}).get(member) is True
