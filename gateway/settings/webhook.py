"""The webhook's own file, judged as the gateway's configuration is: every fault at once, with its line and mend."""

from pathlib import Path
from typing import Annotated, Final, NoReturn

from pydantic import AfterValidator, Field, StringConstraints, ValidationError, model_validator

from gateway.settings.faults import ConfigurationError, Fault, Place, UnreadableConfiguration, fault_at
from gateway.settings.models.section import SectionModel
from gateway.settings.parse import parse
from gateway.settings.redaction import redacted
from gateway.settings.source import DOCUMENT_LIMIT, Unreadable, read_text
from gateway.settings.tree import Node, Section, plain
from gateway.settings.validate import faults_of
from gateway.settings.values import FilePath, ListenText, PublicUrl, Region, Text, host_and_port
from gateway.webhook.settings import Mode, WebhookSettings

_PREFIX: Final = r"^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$"


def _listen(value: str) -> str:
    if host_and_port(value)[1] is None:
        raise ValueError("names no port; write HOST:PORT: 0.0.0.0:9443")
    return value


class TlsSection(SectionModel):
    certificate: FilePath = Field(description="PEM file of the webhook's certificate and its chain.")
    private_key: FilePath = Field(description="PEM file of the certificate's private key.")


class WebhookDocument(SectionModel):
    gateway_url: PublicUrl = Field(description="The gateway's public_url, as pods reach it.")
    region: Region = Field(default="us-east-1", description="AWS_REGION of pods that name none.")
    listen: Annotated[ListenText, AfterValidator(_listen)] = Field(
        default="0.0.0.0:9443", description="HOST:PORT for the API server."
    )
    tls: TlsSection = Field(description="The webhook's own TLS: the API server speaks nothing else.")
    annotation_prefix: Annotated[str, StringConstraints(pattern=_PREFIX)] = Field(
        default="eks.amazonaws.com", description="What stands before the slash of every annotation."
    )
    mode: Mode = Field(default=Mode.ENVIRONMENT, description="What pods get whose service account says nothing of it.")
    audience: Text = Field(default="sts.amazonaws.com", description="Audience of pods' tokens.")
    sidecar_image: Text | None = Field(default=None, description="Image of the sidecar: that of the gateway.")

    @model_validator(mode="after")
    def _sidecars_have_an_image(self) -> "WebhookDocument":
        if self.mode is Mode.SIDECAR and self.sidecar_image is None:
            raise ValueError("mode: sidecar needs sidecar_image: the gateway's own image")
        return self


def load_webhook(path: Path) -> WebhookSettings:
    """Raises UnreadableConfiguration, and ConfigurationError with every fault that was found."""
    try:
        text = read_text(path, DOCUMENT_LIMIT)
    except Unreadable as error:
        _refuse(path, f"cannot read the webhook's file: {error.reason}; give --config a YAML file")
    if not text.strip():
        _refuse(path, "the file is empty; start with `gateway_url:`")
    faults: list[Fault] = []
    document = _judged(parse(text, path, faults), path, faults)
    if faults or document is None:
        raise ConfigurationError(redacted(faults, ()))
    return _settings(document, path.parent.absolute())


def _judged(root: Node | None, path: Path, faults: list[Fault]) -> WebhookDocument | None:
    if not isinstance(root, Section):
        if not faults:
            _refuse(path, "holds no keys; start with `gateway_url:`")
        return None
    try:
        return WebhookDocument.model_validate(plain(root))
    except ValidationError as error:
        faults += faults_of(error, root, WebhookDocument)
        return None


def _settings(document: WebhookDocument, folder: Path) -> WebhookSettings:
    host, port = host_and_port(document.listen)
    return WebhookSettings(
        gateway_url=document.gateway_url,
        region=document.region,
        host=host,
        port=port or 0,
        certificate=folder / document.tls.certificate,
        private_key=folder / document.tls.private_key,
        annotation_prefix=document.annotation_prefix,
        mode=document.mode,
        audience=document.audience,
        sidecar_image=document.sidecar_image,
    )


def _refuse(path: Path, message: str) -> NoReturn:
    raise UnreadableConfiguration([fault_at(Place(file=path, line=0), "", message)])
