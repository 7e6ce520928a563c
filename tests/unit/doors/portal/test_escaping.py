"""Names that no configuration takes, put before every page all the same: they stay texts."""

from collections.abc import Callable
from datetime import UTC, datetime
from html.parser import HTMLParser

import pytest

from gateway.domain.credentials import TemporaryCredentials
from gateway.domain.identity import Identity, ProviderType
from gateway.doors.portal.views import access, administration, programs, role, roles, sign_in, sign_ins
from gateway.doors.portal.views.frame import Signed
from gateway.exchange.administration import Overview
from gateway.exchange.catalogue import AccessRow
from gateway.exchange.people.device_grant import DeviceRequest
from gateway.exchange.people.listed_roles import RolesList
from gateway.exchange.people.portal import RoleFacts
from gateway.exchange.people.roles import PersonsRole
from gateway.exchange.people.seen import SeenSignIn
from gateway.exchange.people.signed_in import SignedIn
from gateway.exchange.people.why_not import Answered
from gateway.exchange.provider_health import ProviderHealth
from gateway.exchange.recent_refusals import RecentRefusal
from gateway.policy.words import Told
from gateway.web.responses import Answer

EVIL = "\"'><img src=x onerror=alert(1)></p></pre></title></script><script>alert(2)</script>&lt;"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SIGNED = Signed(person=EVIL, form_token=EVIL, administers=True)
ROLE = PersonsRole(account=EVIL, account_alias=EVIL, role=EVIL, arn=EVIL, maximum=3_600)
TOLD = (Told(statement_id=EVIL, allows=True, actions=(EVIL,), resources=(EVIL,), conditions=(EVIL,)),)
IDENTITY = Identity(
    provider=EVIL,
    provider_type=ProviderType.OIDC,
    issuer=EVIL,
    subject=EVIL,
    audience=EVIL,
    username=EVIL,
    email=EVIL,
    groups=frozenset({EVIL, EVIL * 2}),
    amr=(EVIL,),
)
SIGNED_IN = SignedIn(identity=IDENTITY, sign_in_id=EVIL, begun=NOW, ends=NOW, as_of=NOW)
CREDENTIALS = TemporaryCredentials(
    access_key_id=EVIL, secret_access_key=EVIL, session_token=EVIL, expiration=NOW.replace(hour=13)
)
SEEN = SeenSignIn(
    id=EVIL,
    provider=EVIL,
    begun=NOW,
    ends=NOW,
    last_used=NOW,
    address=EVIL,
    client=EVIL,
    browser=True,
    programs=(EVIL,),
    credentials_until=NOW,
    current=False,
    groups_as_of=NOW,
)
HEALTH = ProviderHealth(
    name=EVIL, type=ProviderType.OIDC, authority=EVIL, signs_in=EVIL, error=EVIL, facts={EVIL: EVIL, "at": NOW}
)
REFUSAL = RecentRefusal(
    request_id=EVIL, time=EVIL, event=EVIL, who=EVIL, provider=EVIL, address=EVIL, code=EVIL, message=EVIL, cause=EVIL
)
WAY = AccessRow(role=EVIL, effect=EVIL, provider=EVIL, who=EVIL, conditions=EVIL, granted_by=EVIL)
ASKED = DeviceRequest(user_code=EVIL, client_name=EVIL, source_ip=EVIL, user_agent=EVIL, begun=NOW)
FACTS = RoleFacts(role=ROLE, duration=3_600, granted_by=(EVIL,), allowed=TOLD, limits=TOLD)
NOT_THEIRS = Answered(role=ROLE, allowed=False, granted_by=(), reasons=(EVIL,))
THEIRS = Answered(role=ROLE, allowed=True, granted_by=(EVIL,), reasons=())

PAGES: dict[str, Callable[[], Answer]] = {
    "providers": lambda: sign_in.providers([(EVIL, EVIL)], signed_out=False),
    "password form": lambda: sign_in.password_form(
        provider=EVIL, action=EVIL, return_to=EVIL, form_token=EVIL, refused="login", headers=()
    ),
    "refusal": lambda: sign_in.refusal(message=EVIL, status=400, request_id=EVIL),
    "roles": lambda: roles.roles_page(
        SIGNED,
        signed_in=SIGNED_IN,
        listed=RolesList(roles=(ROLE,)),
        favourites=frozenset({ROLE.key}),
        wanted=EVIL,
    ),
    "role": lambda: role.role_page(SIGNED, FACTS, starred=True, public_url=EVIL, region=EVIL),
    "credentials": lambda: role.credentials_page(
        SIGNED, ROLE, CREDENTIALS, arn=EVIL, now=NOW, duration=900, public_url=EVIL, region=EVIL
    ),
    "access": lambda: access.access_page(SIGNED, signed_in=SIGNED_IN, question=EVIL, found=(NOT_THEIRS, THEIRS)),
    "no such role": lambda: access.access_page(SIGNED, signed_in=SIGNED_IN, question=EVIL, found=()),
    "sign-ins": lambda: sign_ins.sign_ins_page(SIGNED, (SEEN,)),
    "overview": lambda: administration.overview_page(
        SIGNED, Overview(providers=(HEALTH,), cautions=(EVIL,), roles=1, mappings=1)
    ),
    "ways": lambda: administration.access_page(SIGNED, role=EVIL, rows=(WAY,)),
    "refusals": lambda: administration.refusals_page(SIGNED, request_id=EVIL, found=(REFUSAL,)),
    "device": lambda: programs.device_request(ASKED, person=EVIL, form_token=EVIL),
    "authorization": lambda: programs.authorization(
        client_name=EVIL, person=EVIL, carried={EVIL: EVIL}, form_token=EVIL, target="http://127.0.0.1:9"
    ),
}


class Seen(HTMLParser):
    """What a browser makes elements and attributes of."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.handlers: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES.keys())
def test_whatever_a_value_holds_no_element_and_no_attribute_comes_of_it(page: Callable[[], Answer]) -> None:
    text = page().body.decode()
    assert "alert(1)" in text
    seen = Seen(text)
    assert "img" not in seen.names
    assert seen.names.count("script") == 1
    assert seen.handlers == []
    # Escaped once: what was `&lt;` in the value is `&amp;lt;`, and nothing is `&amp;amp;lt;`.
    assert "&amp;lt;" in text
    assert "&amp;amp;" not in text
