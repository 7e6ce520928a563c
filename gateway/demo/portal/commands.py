"""What to type: commands of the AWS CLI against the demo world."""

from dataclasses import dataclass
from typing import Final

from gateway.demo.setting import BUCKET, REGION, REPORT, ROLE_OF

TOKEN_FILE: Final = "sts-gateway-demo-token"  # noqa: S105  a file's name


@dataclass(frozen=True, slots=True, kw_only=True)
class Addresses:
    """The URLs of the world's three servers, without a final slash."""

    gateway: str
    issuer: str
    lake: str


def keep_token(token: str) -> str:
    """Put an ID token where every AWS SDK and the CLI look for it. A token is base64url: it needs no quoting."""
    return f'(umask 077; printf %s {token} > "$HOME/{TOKEN_FILE}")'


def environment(addresses: Addresses, person: str) -> str:
    """Variables that any AWS SDK and the CLI understand; they trade the token by themselves.

    Keys and a profile in the environment would win over a token's file: they are taken away first.
    """
    return "\n".join(
        (
            "unset AWS_PROFILE AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_SESSION_TOKEN",
            f"export AWS_ENDPOINT_URL_STS={addresses.gateway}",
            f"export AWS_ENDPOINT_URL_S3={addresses.lake}",
            f"export AWS_REGION={REGION} AWS_DEFAULT_REGION={REGION}",
            f"export AWS_ROLE_ARN={ROLE_OF[person]}",
            f"export AWS_ROLE_SESSION_NAME={person}",
            f'export AWS_WEB_IDENTITY_TOKEN_FILE="$HOME/{TOKEN_FILE}"',
        )
    )


def calls() -> str:
    """Calls that say who one is, are allowed, and depend on the role."""
    return "\n".join(
        (
            "aws sts get-caller-identity",
            f"aws s3 ls --recursive s3://{BUCKET}",
            f"aws s3 cp s3://{BUCKET}/{REPORT} -",
            f"echo hello | aws s3 cp - s3://{BUCKET}/scratch/research/hello.txt",
            f"echo forged | aws s3 cp - s3://{BUCKET}/{REPORT}",
        )
    )


def trade(addresses: Addresses, person: str) -> str:
    """The trade by hand: the ID token in, credentials out."""
    return " \\\n  ".join(
        (
            f"aws sts assume-role-with-web-identity --endpoint-url {addresses.gateway} --region {REGION}",
            f"--role-arn {ROLE_OF[person]} --role-session-name {person}",
            f'--web-identity-token "$(cat "$HOME/{TOKEN_FILE}")"',
        )
    )
