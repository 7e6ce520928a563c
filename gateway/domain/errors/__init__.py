"""Everything that can go wrong, one class each, with the evidence as fields.

    GatewayError
    ├── RequestError               the caller's request cannot be read; mend the request
    │   ├── ValidationFailed       parameters outside their shape, all told at once
    │   ├── InvalidParameter, MissingParameter, InvalidArn
    │   ├── MissingAction, UnknownAction, MethodRefused, UnreadableQuery, UnsupportedMedia, BodyTooLarge
    │   ├── DurationTooLong, InvalidTags, PackedPolicyTooLarge, MalformedPolicyDocument
    │   ├── InvalidAuthorizationMessage, IssuedTokenTooLarge
    │   ├── FormRefused            a form that did not come from a page of ours in this browser
    │   ├── UnmappedRequest        a request to a resource server that no action describes
    │   └── MalformedSignedRequest the signature's own syntax; what a signer got wrong
    ├── IdentityError              what an identity provider vouched for does not hold; sign in again
    │   ├── UnknownIssuer, InvalidIdentityToken, ExpiredIdentityToken, RejectedClaim
    │   ├── RejectedLogin          a name and a password that open nothing
    │   ├── SignInRefused          a browser's sign-in that does not hold, whatever the reason
    │   └── ProviderUnreachable    the provider did not answer; try again
    ├── GrantError                 an OAuth client asks for a token of a person and gets none (RFC 6749, RFC 8628)
    │   ├── InvalidClient, InvalidRedirect, InvalidGrant, UnsupportedGrant, ExpiredGrant
    │   └── AuthorizationPending, PolledTooFast, AuthorizationDeclined
    ├── AuthenticationError        a signed request whose signer is not proven
    │   ├── NotSignedIn            no session of a person, or one that has ended
    │   ├── MissingAuthentication, UnsupportedSignature, UnknownAccessKey, ExpiredSession, RevokedSession
    │   ├── SignatureMismatch, ScopeMismatch, RequestTimeSkewed, PresignedUrlExpired
    │   ├── PayloadHashMismatch
    │   └── ShownRequestRefused    what a resource server shows, not what it sends, does not hold
    ├── AccessDenied               proven, and not allowed
    │   ├── RoleAssumptionDenied   before anybody is signed in: the role may be missing or may refuse, told alike
    │   ├── MfaRefused, SessionCallerRefused, SessionOutlived
    │   ├── ProxyRefused           whoever asks for a decision is not the proxy of a service, or names no request
    │   ├── TokenIssuanceDisabled  the gateway has no key that signs ID tokens
    │   └── ActionDenied           a signed principal may not do this
    └── ServiceError               our own fault or our surroundings'; try again
        ├── AuditUnavailable, KeyringUnavailable, StateUnavailable, Overloaded
        └── InternalFault

`code` is stable and names the cause in the audit log. `str(error)` may be shown to the caller of an API in any
dialect: it holds no secret, no token and nothing that tells an attacker more than the answer's code. `cause` is for
the audit log alone. A door renders errors by the one fault table of its dialect in `gateway.wire`.

A module a branch; import from here alone.
"""

from gateway.domain.errors.authentication import (
    AuthenticationError,
    ExpiredSession,
    MissingAuthentication,
    NotSignedIn,
    PayloadHashMismatch,
    PresignedUrlExpired,
    RequestTimeSkewed,
    RevokedSession,
    ScopeMismatch,
    ShownRequestRefused,
    SignatureMismatch,
    UnknownAccessKey,
    UnsupportedSignature,
)
from gateway.domain.errors.denials import (
    AccessDenied,
    ActionDenied,
    MfaRefused,
    ProxyRefused,
    RoleAssumptionDenied,
    SessionCallerRefused,
    SessionOutlived,
    TokenIssuanceDisabled,
)
from gateway.domain.errors.grants import (
    AuthorizationDeclined,
    AuthorizationPending,
    ExpiredGrant,
    GrantError,
    InvalidClient,
    InvalidGrant,
    InvalidRedirect,
    PolledTooFast,
    UnsupportedGrant,
)
from gateway.domain.errors.identities import (
    ExpiredIdentityToken,
    IdentityError,
    InvalidIdentityToken,
    ProviderUnreachable,
    RejectedClaim,
    RejectedLogin,
    SignInRefused,
    UnknownIssuer,
)
from gateway.domain.errors.requests import (
    BodyTooLarge,
    DurationTooLong,
    FormRefused,
    InvalidArn,
    InvalidAuthorizationMessage,
    InvalidParameter,
    InvalidTags,
    IssuedTokenTooLarge,
    MalformedPolicyDocument,
    MalformedSignedRequest,
    MethodRefused,
    MissingAction,
    MissingParameter,
    PackedPolicyTooLarge,
    RequestError,
    UnknownAction,
    UnmappedRequest,
    UnreadableQuery,
    UnsupportedMedia,
    ValidationFailed,
    Violation,
)
from gateway.domain.errors.root import GatewayError
from gateway.domain.errors.service import (
    AuditUnavailable,
    InternalFault,
    KeyringUnavailable,
    Overloaded,
    ServiceError,
    StateUnavailable,
)

__all__ = [
    "AccessDenied",
    "ActionDenied",
    "AuditUnavailable",
    "AuthenticationError",
    "AuthorizationDeclined",
    "AuthorizationPending",
    "BodyTooLarge",
    "DurationTooLong",
    "ExpiredGrant",
    "ExpiredIdentityToken",
    "ExpiredSession",
    "FormRefused",
    "GatewayError",
    "GrantError",
    "IdentityError",
    "InternalFault",
    "InvalidArn",
    "InvalidAuthorizationMessage",
    "InvalidClient",
    "InvalidGrant",
    "InvalidIdentityToken",
    "InvalidParameter",
    "InvalidRedirect",
    "InvalidTags",
    "IssuedTokenTooLarge",
    "KeyringUnavailable",
    "MalformedPolicyDocument",
    "MalformedSignedRequest",
    "MethodRefused",
    "MfaRefused",
    "MissingAction",
    "MissingAuthentication",
    "MissingParameter",
    "NotSignedIn",
    "Overloaded",
    "PackedPolicyTooLarge",
    "PayloadHashMismatch",
    "PolledTooFast",
    "PresignedUrlExpired",
    "ProviderUnreachable",
    "ProxyRefused",
    "RejectedClaim",
    "RejectedLogin",
    "RequestError",
    "RequestTimeSkewed",
    "RevokedSession",
    "RoleAssumptionDenied",
    "ScopeMismatch",
    "ServiceError",
    "SessionCallerRefused",
    "SessionOutlived",
    "ShownRequestRefused",
    "SignInRefused",
    "SignatureMismatch",
    "StateUnavailable",
    "TokenIssuanceDisabled",
    "UnknownAccessKey",
    "UnknownAction",
    "UnknownIssuer",
    "UnmappedRequest",
    "UnreadableQuery",
    "UnsupportedGrant",
    "UnsupportedMedia",
    "UnsupportedSignature",
    "ValidationFailed",
    "Violation",
]
