"""What a resource server says of itself: the entry of the gateway's `services` that is its own, told again."""

from collections.abc import Sequence

from gateway.domain.service import Service, ServiceType


def execute_api(
    name: str,
    *,
    hosts: Sequence[str],
    account: str,
    api_id: str | None = None,
    stage: str = "$default",
    region: str = "us-east-1",
) -> Service:
    """An HTTP API: each request is `execute-api:Invoke` on `arn:aws:execute-api:REGION:ACCOUNT:ID/STAGE/METHOD/PATH`.

    name: of the entry; hosts: as clients write them, `HOST` or `HOST:PORT`; account: 12 digits; api_id: the entry's
    `id`, by default its name. Signatures must name the region.
    """
    return Service(
        name=name,
        type=ServiceType.EXECUTE_API,
        hosts=tuple(hosts),
        signing_name="execute-api",
        account=account,
        region=region,
        api_arn=f"arn:aws:execute-api:{region}:{account}:{api_id or name}/{stage}",
    )


def s3(name: str, *, hosts: Sequence[str], region: str | None = None) -> Service:
    """A store that speaks S3's API: each request is the S3 actions that AWS has for it.

    name: of the entry; hosts: as clients write them, where `BUCKET.HOST` is a bucket's own; region None: any.
    """
    return Service(name=name, type=ServiceType.S3, hosts=tuple(hosts), signing_name="s3", region=region)


def json_service(name: str, *, hosts: Sequence[str], signing_name: str, region: str | None = None) -> Service:
    """An AWS JSON service: `X-Amz-Target: Orders_2026.GetOrder` is `SIGNING_NAME:GetOrder` on `*`.

    name: of the entry; signing_name: the entry's `service`; region None: any.
    """
    return Service(name=name, type=ServiceType.JSON, hosts=tuple(hosts), signing_name=signing_name, region=region)
