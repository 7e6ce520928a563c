"""`config/`: every key stands in the example, nothing else does, and both files load on a fresh clone."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import BaseModel

from gateway.settings.load import load
from gateway.settings.models.document import DocumentModel
from gateway.settings.paths import LATER_FILES, NEEDED_FILES
from gateway.settings.schema import json_schema
from gateway.settings.validate import _bare, _inside, _models_in
from tests.fakes.saml_identity_provider import (
    SamlIdentityProvider,
    certificate_of,
    parsed,
    pem_of,
    private_key,
    text_of,
)
from tests.fakes.saml_world import metadata_xml, pem
from tests.unit.settings.written import provider_files

CONFIG = Path(__file__).parents[3] / "config"
SWITCHED_OFF = re.compile(r"^( *)#(?=[a-z_-])", re.MULTILINE)
OF_CONNECTORS = {
    *("OidcSettings", "ClaimPaths"),
    *("SamlSettings", "AttributeNames"),
    *("LdapSettings", "TimeoutSettings", "UserSettings", "GroupSettings"),
}
FILE_OR_ADDRESS = "metadata"
PATH_FIELDS = {way[-1] for way in NEEDED_FILES + LATER_FILES}


def models(annotation: Any = DocumentModel) -> Iterator[type[BaseModel]]:
    for model in _models_in(annotation):
        yield model
        for name, field in model.model_fields.items():
            yield from models(field.annotation)
            inner = _inside(field.annotation, name)
            if inner is not field.annotation:
                yield from models(inner)


def owner(model: type[BaseModel], name: str) -> str:
    """The model that declares the key, which may be a base of the model that has it."""
    declaring = [base for base in model.__mro__ if name in getattr(base, "model_fields", {})]
    return declaring[-1].__name__ if declaring else model.__name__


def keys_of_models() -> set[tuple[str, str]]:
    return {(owner(model, name), name) for model in models() for name in model.model_fields}


def keys_of(tree: Any, annotation: Any = DocumentModel) -> Iterator[tuple[str, str]]:
    if isinstance(tree, list):
        for at, item in enumerate(tree):
            yield from keys_of(item, _inside(annotation, at))
    elif isinstance(tree, dict):
        found = _models_in(annotation)
        if found and "type" in tree:
            found = [model for model in found if tree["type"] in repr(model.model_fields["type"].annotation)]
        for key, value in tree.items():
            for model in found:
                yield owner(model, key), key
            yield from keys_of(value, _inside(found[0] if found else annotation, key))


@pytest.mark.parametrize("name", ["example.yaml", "minimal.yaml"])
def test_a_file_of_the_repository_loads_without_fault_and_without_warning(name: str) -> None:
    configuration = load(CONFIG / name, environment={})

    assert configuration.warnings == ()
    assert configuration.roles


def test_the_example_holds_every_key_there_is_and_no_other() -> None:
    text = SWITCHED_OFF.sub(r"\1", (CONFIG / "example.yaml").read_text())

    assert set(keys_of(yaml.safe_load(text))) == keys_of_models()


def test_what_is_switched_off_in_the_example_is_valid_too(tmp_path: Path) -> None:
    text = SWITCHED_OFF.sub(r"\1", (CONFIG / "example.yaml").read_text())
    text = text.replace("/var/run/secrets/kubernetes.io", ".")
    for name in ("tls.crt", "tls.key"):
        (tmp_path / name).touch()
    provider_files(tmp_path, authorities="corp-ca.pem", keys="cluster-jwks.json")
    saml_files(tmp_path)
    (tmp_path / "example.yaml").write_text(text)
    secrets = ("OIDC_CLIENT_SECRET", "LDAP_PASSWORD", "CI_SECRET", "LAKE_PROXY_TOKEN", "MINIO_SECRET")

    configuration = load(tmp_path / "example.yaml", environment=dict.fromkeys(secrets, "0123456789abcdefghij"))

    assert all(warning.message.startswith("this version ") for warning in configuration.warnings)


def saml_files(folder: Path) -> None:
    """Signed metadata, the certificate that vouches for it, and a key pair of the gateway's own."""
    provider = SamlIdentityProvider()
    metadata = parsed(metadata_xml(provider.certificate, more='ID="_m1"'))
    provider.sign(metadata)
    (folder / "adfs-metadata.xml").write_text(text_of(metadata))
    (folder / "adfs-metadata.crt").write_text(pem(provider.certificate))
    (folder / "sp.crt").write_text(pem(certificate_of("RSA", "sp")))
    (folder / "sp.key").write_text(pem_of(private_key("RSA", "sp")))


def test_every_setting_that_names_a_file_is_made_absolute() -> None:
    named = {
        name for model in models() for name, field in model.model_fields.items() if _bare(field.annotation) is Path
    }

    assert named | {"path", FILE_OR_ADDRESS} == PATH_FIELDS


def test_every_key_has_a_description_in_the_schema() -> None:
    schema = json_schema()
    nodes = [schema, *(node for name, node in schema["$defs"].items() if name not in OF_CONNECTORS)]
    silent = [
        f"{node['title']}.{name}"
        for node in nodes
        for name, field in node.get("properties", {}).items()
        if not field.get("description")
    ]

    assert silent == []
