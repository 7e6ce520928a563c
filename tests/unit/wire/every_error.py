"""One honest error of every class that can be raised, and the list of those classes."""

from collections.abc import Iterator
from datetime import UTC, datetime

from gateway.domain import errors
from gateway.domain.errors import GatewayError

NOW = datetime(2027, 3, 14, 15, 30, 0, tzinfo=UTC)
SENT = datetime(2027, 3, 14, 15, 0, 0, tzinfo=UTC)

ERRORS: tuple[GatewayError, ...] = (
    errors.ValidationFailed([errors.Violation(member="roleArn", value=None, constraint="Member must not be null")]),
    errors.InvalidParameter("wrong", parameter="Policy"),
    errors.InvalidAuthorizationMessage(cause="changed"),
    errors.MfaRefused(),
    errors.SessionCallerRefused(action="GetSessionToken"),
    errors.IssuedTokenTooLarge(size=20_001, maximum=20_000),
    errors.SessionOutlived(requested=3_600, left=60),
    errors.TokenIssuanceDisabled(cause="secret cause"),
    errors.ProxyRefused(cause="secret cause"),
    errors.MissingParameter("LDAPUsername and LDAPPassword cannot be empty"),
    errors.InvalidArn(value="x", is_arn=False),
    errors.MissingAction(),
    errors.UnknownAction(action="A", version="2011-06-15"),
    errors.MethodRefused("send it as POST", allowed=("POST",)),
    errors.UnreadableQuery("not UTF-8"),
    errors.UnsupportedMedia("not a form"),
    errors.BodyTooLarge(limit=10),
    errors.DurationTooLong("too long", requested=2, maximum=1),
    errors.InvalidTags("twice"),
    errors.PackedPolicyTooLarge(percent=101),
    errors.MalformedPolicyDocument("Statement[0]", "has no Effect"),
    errors.UnmappedRequest(cause="secret cause"),
    errors.FormRefused(cause="secret cause"),
    errors.SignInRefused(cause="secret cause"),
    errors.InvalidClient(cause="secret cause"),
    errors.InvalidRedirect(),
    errors.InvalidGrant(cause="secret cause"),
    errors.UnsupportedGrant(),
    errors.ExpiredGrant(),
    errors.AuthorizationPending(),
    errors.PolledTooFast(),
    errors.AuthorizationDeclined(),
    errors.NotSignedIn(cause="secret cause"),
    errors.MalformedSignedRequest("The header has no Credential"),
    errors.UnknownIssuer(issuer="https://a.example"),
    errors.InvalidIdentityToken("Incorrect token audience"),
    errors.ExpiredIdentityToken(now=2, expired_at=1),
    errors.RejectedClaim("rejected"),
    errors.RejectedLogin(cause="secret cause", principal_key="alice", account_state="secret state"),
    errors.ProviderUnreachable(provider="workforce", cause="secret cause"),
    errors.MissingAuthentication(),
    errors.UnsupportedSignature("SigV4A is not supported", scheme="sigv4a"),
    errors.UnknownAccessKey(cause="secret cause"),
    errors.RevokedSession(kind="session", value="secret cause"),
    errors.ExpiredSession(expired_at=SENT),
    errors.SignatureMismatch(cause="secret cause"),
    errors.ScopeMismatch("wrong service", part="service", given="ec2", expected="sts"),
    errors.RequestTimeSkewed("skewed", requested_at=SENT, now=NOW),
    errors.PresignedUrlExpired(expired_at=SENT, now=NOW),
    errors.PayloadHashMismatch(),
    errors.ShownRequestRefused(errors.SignatureMismatch(cause="secret cause")),
    errors.AccessDenied("Roles may not be assumed by root accounts.", cause="secret cause"),
    errors.RoleAssumptionDenied(action="sts:AssumeRoleWithWebIdentity", cause="secret cause"),
    errors.ActionDenied(principal="arn:p", action="s3:GetObject", resource="arn:r", cause="secret cause"),
    errors.AuditUnavailable(cause="secret cause"),
    errors.Overloaded(),
    errors.KeyringUnavailable(cause="secret cause"),
    errors.StateUnavailable(cause="secret cause"),
    errors.InternalFault(cause="secret cause"),
)


def leaves(kind: type[GatewayError] = GatewayError) -> Iterator[type[GatewayError]]:
    """Every class of the gateway's errors that has no class below it."""
    below = [child for child in kind.__subclasses__() if child.__module__.startswith("gateway.")]
    if not below:
        yield kind
    for child in below:
        yield from leaves(child)
