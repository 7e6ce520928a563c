"""What Kubernetes would say of an object: its own schemas, strictly; and of others' kinds, what we use."""

from typing import Any

from tests.e2e.kubernetes.tools import jsonschema, kubernetes_validate

Object = dict[str, Any]

_TEXT = {"type": "string"}
_TEXTS = {"type": "array", "items": _TEXT}
_LABELS = {"type": "object", "additionalProperties": _TEXT}


def _closed(required: tuple[str, ...] = (), **properties: Any) -> Object:
    return {"type": "object", "additionalProperties": False, "required": list(required), "properties": properties}


def _listed(item: Object, maximum: int = 64) -> Object:
    return {"type": "array", "items": item, "minItems": 1, "maxItems": maximum}


_METADATA = _closed(("name", "namespace", "labels"), name=_TEXT, namespace=_TEXT, labels=_LABELS, annotations=_LABELS)
_ISSUER = _closed(("name", "kind"), name=_TEXT, kind={"enum": ["Issuer", "ClusterIssuer"]}, group=_TEXT)
_SECRET_KEY = _closed(("name", "key"), name=_TEXT, key=_TEXT)
_MATCH = _closed(
    ("path",), path=_closed(("type", "value"), type={"enum": ["Exact", "PathPrefix"]}, value={"pattern": "^/"})
)
_KINDS: dict[tuple[str, str], Object] = {
    ("gateway.networking.k8s.io/v1", "HTTPRoute"): _closed(
        ("parentRefs", "rules"),
        parentRefs=_listed({"type": "object", "required": ["name"]}, 32),
        hostnames=_listed(_TEXT, 16),
        rules=_listed(
            _closed(
                ("matches", "backendRefs"),
                # Eight in the first versions of the Gateway API, 64 in later ones.
                matches=_listed(_MATCH, 8),
                backendRefs=_listed(_closed(("name", "port"), name=_TEXT, port={"type": "integer"}), 16),
            ),
            16,
        ),
    ),
    ("monitoring.coreos.com/v1", "ServiceMonitor"): _closed(
        ("selector", "endpoints"),
        selector=_closed(("matchLabels",), matchLabels=_LABELS),
        endpoints=_listed(
            _closed(
                ("port",),
                port=_TEXT,
                path=_TEXT,
                interval={"type": "string", "pattern": "^[0-9]+(ms|s|m|h)$"},
                scheme={"enum": ["http", "https"]},
                tlsConfig=_closed(serverName=_TEXT, ca=_closed(secret=_SECRET_KEY)),
            )
        ),
    ),
    ("monitoring.coreos.com/v1", "PrometheusRule"): _closed(
        ("groups",), groups=_listed(_closed(("name", "rules"), name=_TEXT, rules=_listed({"type": "object"})))
    ),
    ("cert-manager.io/v1", "Issuer"): _closed(selfSigned=_closed(), ca=_closed(("secretName",), secretName=_TEXT)),
    ("cert-manager.io/v1", "Certificate"): _closed(
        ("secretName", "issuerRef"),
        isCA={"type": "boolean"},
        commonName={"type": "string", "maxLength": 64},
        dnsNames=_TEXTS,
        secretName=_TEXT,
        duration=_TEXT,
        renewBefore=_TEXT,
        privateKey=_closed(algorithm={"const": "ECDSA"}, size={"enum": [256, 384]}, rotationPolicy={"const": "Always"}),
        usages={"type": "array", "items": {"enum": ["digital signature", "server auth"]}},
        issuerRef=_ISSUER,
    ),
}


def problem(one: Object, version: str) -> str | None:
    """What is wrong with an object in this version of Kubernetes; None where nothing is."""
    spec = _KINDS.get((one["apiVersion"], one["kind"]))
    try:
        if spec is None:
            kubernetes_validate.validate(one, version, strict=True)
        else:
            whole = _closed(("spec",), apiVersion=_TEXT, kind=_TEXT, metadata=_METADATA, spec=spec)
            jsonschema.validate(one, whole)
    except (kubernetes_validate.ValidationError, jsonschema.ValidationError) as error:
        return f"{one['kind']} {one['metadata'].get('name')}: {error.message}"
    return None
