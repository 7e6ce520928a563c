"""`sts-gateway webhook`: the mutating admission webhook of a Kubernetes cluster."""

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import Final

SUMMARY: Final = "give pods of annotated service accounts what they need to take a role's credentials"
EXAMPLE: Final = """
sts-gateway webhook --config /etc/sts-gateway-webhook/webhook.yaml
webhook.yaml: {gateway_url: https://sts.example.com, tls: {certificate: /tls/tls.crt, private_key: /tls/tls.key}}
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Offer `--config` and `--openshift`."""
    parser.add_argument("--config", type=Path, required=True, metavar="PATH", help="the webhook's own YAML file")
    parser.add_argument(
        "--openshift", action="store_true", help="sidecars run as whom OpenShift gives the namespace, not as 10001"
    )


def run(arguments: argparse.Namespace) -> int:
    """Serve until a signal. 0: ended in order; 1: the address is taken; 2: bad configuration, or not in a cluster.

    Raises ConfigurationError.
    """
    from gateway.client.kubernetes import KubernetesApi, NotInCluster
    from gateway.settings.webhook import load_webhook
    from gateway.telemetry import log
    from gateway.webhook.certificate import UnusableCertificate
    from gateway.webhook.serve import LOOK_UP_TIMEOUT, serve

    settings = load_webhook(arguments.config)
    if arguments.openshift:
        settings = replace(settings, sidecar_user=None)
    log.configure()
    try:
        return serve(settings, KubernetesApi.in_cluster(timeout=LOOK_UP_TIMEOUT))
    except (UnusableCertificate, NotInCluster) as fault:
        return _refused(2, str(fault))
    except OSError as fault:
        return _refused(1, f"{settings.host}:{settings.port}: {fault.strerror} (`listen` of {arguments.config})")


def _refused(code: int, told: str) -> int:
    print(f"sts-gateway webhook: {told}", file=sys.stderr)
    return code
