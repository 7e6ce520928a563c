"""What STS tells a signed caller: who it is, whose a key is, why it was refused."""

from typing import Final

from gateway.domain.errors import InvalidParameter
from gateway.domain.identifiers import account_of
from gateway.domain.principal import Principal
from gateway.exchange.auditing import AuditEntry
from gateway.exchange.deciding import allowed_to_ask
from gateway.exchange.parts import Parts
from gateway.exchange.proof import SignedCall, proven_to_sts

GET_ACCESS_KEY_INFO: Final = "sts:GetAccessKeyInfo"
DECODE_AUTHORIZATION_MESSAGE: Final = "sts:DecodeAuthorizationMessage"


def caller_identity(parts: Parts, call: SignedCall, entry: AuditEntry) -> Principal:
    """GetCallerIdentity. It needs no permission, and no Deny can take it away (AWS STS API Reference).

    Raises MalformedSignedRequest, AuthenticationError, ServiceError.
    """
    proof = proven_to_sts(parts, call, entry)
    entry.succeeded()
    return proof.principal


def account_of_key(parts: Parts, access_key_id: str, call: SignedCall, entry: AuditEntry) -> str:
    """GetAccessKeyInfo: the account of any key, ours or not.

    Raises InvalidParameter, AuthenticationError, AccessDenied.
    """
    entry.request_parameters = {"accessKeyId": access_key_id}
    proof = proven_to_sts(parts, call, entry)
    allowed_to_ask(parts, proof, GET_ACCESS_KEY_INFO)
    found = parts.users.by_access_key(access_key_id)
    account = account_of(access_key_id) if found is None else found[0].account
    if account is None:
        raise InvalidParameter(
            f"The access key id {access_key_id} names no account; ids of the old kind hold none",
            parameter="AccessKeyId",
        )
    entry.succeeded({"account": account})
    return account


def decoded_message(parts: Parts, message: str, call: SignedCall, entry: AuditEntry) -> str:
    """DecodeAuthorizationMessage: the JSON text of a refusal's message.

    Raises InvalidAuthorizationMessage, AuthenticationError, AccessDenied, ServiceError.
    """
    proof = proven_to_sts(parts, call, entry)
    allowed_to_ask(parts, proof, DECODE_AUTHORIZATION_MESSAGE)
    decoded = parts.messages.decoded(message, proof.principal.account, proof.now)
    entry.succeeded()
    return decoded
