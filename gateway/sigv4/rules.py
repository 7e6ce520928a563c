"""What services do differently in Signature Version 4: the canonical path, and what stands for the body."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from gateway.sigv4.canonical import kept_path, normalised_path
from gateway.sigv4.payload import PayloadMode


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningRules:
    """One service family's rules.

    path_forms: from the raw path to the canonical ones that a conforming signer may have signed, likeliest first.
    payload_modes, presigned_payload_modes: which x-amz-content-sha256 count in the header and the presigned form.
    payload_hash_required: whether the header form must carry x-amz-content-sha256.
    presigned_payload_hash: what a presigned URL signs where it says nothing; None: the hash of the real body.
    """

    path_forms: Callable[[bytes], tuple[bytes, ...]]
    payload_modes: frozenset[PayloadMode]
    presigned_payload_modes: frozenset[PayloadMode]
    payload_hash_required: bool
    presigned_payload_hash: str | None


S3_RULES: Final = SigningRules(
    path_forms=kept_path,
    # Of the streaming forms the seed signature is checked; chunks and trailers are for whoever reads the body.
    payload_modes=frozenset(
        (
            PayloadMode.HASH,
            PayloadMode.UNSIGNED,
            PayloadMode.STREAMING_UNSIGNED_TRAILER,
            PayloadMode.STREAMING_HMAC,
            PayloadMode.STREAMING_HMAC_TRAILER,
        )
    ),
    presigned_payload_modes=frozenset((PayloadMode.HASH, PayloadMode.UNSIGNED)),
    payload_hash_required=True,
    presigned_payload_hash=PayloadMode.UNSIGNED.value,
)

SERVICE_RULES: Final = SigningRules(
    path_forms=normalised_path,
    payload_modes=frozenset((PayloadMode.HASH,)),
    presigned_payload_modes=frozenset((PayloadMode.HASH,)),
    payload_hash_required=False,
    presigned_payload_hash=None,
)
