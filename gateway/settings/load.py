"""From the path given to `--config` to a `Configuration`, or to every fault that stands in the way.

The order of steps: read, parse, join the files, replace `${...}`, make paths absolute; then the models, the references
between sections, the policy documents and the files each tell all that is wrong, and only what is without fault is
converted.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final, NoReturn

import gateway.connectors.slim_pydantic  # noqa: F401  before pydantic

# isort: split

from pydantic import ValidationError

from gateway.settings.configuration import Configuration
from gateway.settings.convert import configuration_of
from gateway.settings.faults import ConfigurationError, Fault, Place, UnreadableConfiguration, fault_at
from gateway.settings.interpolation import Interpolator
from gateway.settings.lint import dangerous_settings
from gateway.settings.merge import merged
from gateway.settings.models.document import DocumentModel
from gateway.settings.parse import parse
from gateway.settings.paths import make_absolute, named_files, needed_files, unreadable
from gateway.settings.provider_files import provider_file_faults
from gateway.settings.providers import spoken_providers
from gateway.settings.reach_lint import unreachable_roles
from gateway.settings.redaction import redacted
from gateway.settings.references import reference_faults
from gateway.settings.secret_lint import loose_secrets
from gateway.settings.source import DOCUMENT_LIMIT, Unreadable, documents_of, overlooked, read_text
from gateway.settings.spelling_lint import misspelt_words
from gateway.settings.tree import Node, Section, child, entries_of, plain, text_of
from gateway.settings.trust_lint import dangerous_trust
from gateway.settings.validate import faults_of

_MEND: Final = "give --config a YAML file, or a folder of *.yaml"
_MENDS: Final = {
    "Permission denied": "let the gateway's user read it, and enter its folder",
    "larger than": "spread it over several *.yaml of a folder",
    "not UTF-8": "save it as UTF-8",
}


def load(path: Path, *, environment: Mapping[str, str] = os.environ) -> Configuration:
    """Read a configuration file, or a folder's `*.yaml`.

    `environment` answers `${env:NAME}`. Raises UnreadableConfiguration where there is nothing to judge at `path`, and
    ConfigurationError with every fault that was found; neither holds a secret.
    """
    from gateway.settings.policy_check import policy_faults  # noqa: PLC0415
    from gateway.settings.policy_lint import idle_statements  # noqa: PLC0415

    documents = _documents(path)
    faults: list[Fault] = []
    written = merged(list(_parsed(documents, faults)), DocumentModel.model_fields, faults)
    if written is None:
        raise ConfigurationError(redacted(faults, ()))
    interpolator = Interpolator(environment, faults)
    root = interpolator.section(written)
    make_absolute(root)
    spoken = spoken_providers(root, faults)
    model = _judged(spoken, faults)
    saml_faults, saml_warnings = _of_saml(spoken)
    files = (*unreadable(spoken), *provider_file_faults(spoken), *saml_faults)
    faults += [*reference_faults(root), *policy_faults(root), *files]
    found = [
        *_overlooked(path, (*interpolator.files, *named_files(root))),
        *dangerous_settings(root),
        *loose_secrets(written, root),
        *dangerous_trust(root),
        *unreachable_roles(root),
        *idle_statements(root),
        *misspelt_words(root),
        *saml_warnings,
    ]
    warnings = redacted(found, interpolator.secrets)
    if faults or model is None:
        raise ConfigurationError(redacted(faults, interpolator.secrets), warnings)
    sources = (*documents, *interpolator.files, *needed_files(root))
    absolute = dict.fromkeys(source.absolute() for source in sources)
    return replace(configuration_of(model), warnings=warnings, sources=tuple(absolute))


def _documents(path: Path) -> tuple[Path, ...]:
    try:
        return documents_of(path)
    except Unreadable as error:
        _refuse(path, error)


def _parsed(documents: tuple[Path, ...], faults: list[Fault]) -> Iterator[Node]:
    for document in documents:
        try:
            text = read_text(document, DOCUMENT_LIMIT)
        except Unreadable as error:
            _refuse(document, error)
        root = parse(text, document, faults)
        if root is not None:
            yield root


def _refuse(path: Path, error: Unreadable) -> NoReturn:
    mend = next((mend for reason, mend in _MENDS.items() if reason in error.reason), _MEND)
    message = f"cannot read the configuration: {error.reason}; {mend}"
    raise UnreadableConfiguration([fault_at(Place(file=path, line=0), "", message)])


def _judged(root: Section, faults: list[Fault]) -> DocumentModel | None:
    try:
        return DocumentModel.model_validate(plain(root))
    except ValidationError as error:
        faults += faults_of(error, root, DocumentModel)
        return None


def _of_saml(root: Section) -> tuple[Sequence[Fault], Sequence[Fault]]:
    """Faults and warnings of what SAML providers' files say."""
    providers = entries_of(child(root, "providers")).values()
    if not any(text_of(child(one.node, "type")) == "saml" for one in providers):
        return (), ()
    from gateway.settings.saml_files import saml_findings  # noqa: PLC0415

    found = saml_findings(root)
    return found.faults, found.warnings


def _overlooked(path: Path, named: Sequence[Path]) -> Iterator[Fault]:
    read_otherwise = {file.resolve() for file in named}
    for file in overlooked(path):
        if file.resolve() not in read_otherwise:
            yield fault_at(Place(file=file, line=0), "", "not read: of a folder only *.yaml counts; rename it")
