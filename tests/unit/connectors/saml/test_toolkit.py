"""The library gives an opinion of its own, on our address and our clock; what was replaced in it judges alike."""

import dataclasses
import datetime as dt
import importlib.util
import sys
import threading

import pytest
import xmlsec
from lxml import etree
from onelogin.saml2 import utils, xml_utils
from onelogin.saml2.response import OneLogin_Saml2_Response

from gateway.connectors.saml import toolkit
from gateway.connectors.saml.encoding import plain
from gateway.connectors.saml.toolkit import Toolkit
from gateway.connectors.saml.tree import parsed
from gateway.connectors.saml.trust import NAME_ID, AttributeNames
from gateway.connectors.saml.verification import Verification
from gateway.domain.assertion import UNSOLICITED, Solicitation
from gateway.domain.errors import InvalidIdentityToken
from tests.fakes.saml_attacks import ATTACKS, World
from tests.fakes.saml_identity_provider import encoded, pem_of, private_key, text_of

WORLD = World(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
PROTOCOL = "saml-schema-protocol-2.0.xsd"


def opinion(document, *, asked: str | None = None, now: dt.datetime = WORLD.now, **changes) -> str | None:
    trust = WORLD.idp.trust(**changes)
    raw = document if isinstance(document, bytes) else text_of(document).encode()
    return Toolkit(trust, trust.certificates).refusal(parsed(raw), asked, now)


def pristine(module):
    """The library's own module, loaded once more, in which nothing is replaced."""
    spec = importlib.util.spec_from_file_location(f"pristine_{module.__name__.rpartition('.')[2]}", module.__file__)
    loaded = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = loaded
    spec.loader.exec_module(loaded)
    return loaded


def test_it_takes_honest_answers():
    assert opinion(WORLD.honest()) is None
    assert opinion(WORLD.honest("ar")) is None
    key = pem_of(private_key("RSA", "sp"))
    assert opinion(WORLD.idp.encrypted(WORLD.facts(), WORLD.ours), private_key=key) is None
    assert opinion(WORLD.honest(in_response_to="_q"), asked="_q") is None


@pytest.mark.parametrize(
    "address",
    ["https://sts.example.com/saml/corp/acs", "http://127.0.0.1:8080/saml/corp/acs", "https://sts:8443/saml/x/acs"],
)
def test_its_address_is_the_configured_one(address):
    assert opinion(WORLD.honest(recipient=address, destination=address), acs_url=address) is None
    assert "received at" in opinion(WORLD.honest(recipient=address, destination="https://x.example/"), acs_url=address)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"signed": ""}, "not signed"),
        ({"signed": "r"}, "not signed"),
        ({"audiences": (("x",),)}, "audience"),
        ({"issuer": "https://x.example"}, "issuer"),
        ({"name_id": ""}, "NameID"),
        ({"attributes": {}}, "xsd"),
    ],
)
def test_its_strictest_settings_are_on(changes, reason):
    told = opinion(WORLD.honest(**changes))
    assert told.startswith("python3-saml refuses it: ")
    assert reason in told


def test_a_deprecated_algorithm_is_refused_by_it_too():
    assert "Deprecated" in opinion(ATTACKS["a signature by RSA_SHA1"].build(WORLD))


def test_it_is_strict_and_wants_names():
    settings = Toolkit(WORLD.idp.trust(), WORLD.idp.trust().certificates)._settings
    security = settings.get_security_data()
    assert settings.is_strict()
    assert not settings.is_debug_active()
    for name in (
        "wantAssertionsSigned",
        "wantNameId",
        "rejectUnsolicitedResponsesWithInResponseTo",
        "rejectDeprecatedAlgorithm",
        "allowRepeatAttributeName",
    ):
        assert security[name] is True


def test_what_it_refuses_is_refused_though_our_own_rules_take_it():
    trust = WORLD.idp.trust(attributes=AttributeNames(username=NAME_ID))
    with pytest.raises(InvalidIdentityToken) as refused:
        Verification.of(trust).verify(encoded(WORLD.honest(attributes={})), UNSOLICITED, WORLD.now)
    assert "python3-saml refuses it" in refused.value.cause


@pytest.mark.parametrize("verdict", [False, None, -1, 0, "yes"])
def test_anything_but_true_is_a_refusal(verdict, monkeypatch):
    monkeypatch.setattr(OneLogin_Saml2_Response, "is_valid", lambda *_, **__: verdict)
    with pytest.raises(InvalidIdentityToken) as refused:
        Verification.of(WORLD.idp.trust()).verify(encoded(WORLD.honest()), UNSOLICITED, WORLD.now)
    assert "python3-saml refuses it" in refused.value.cause


@pytest.mark.parametrize("end", ["confirmed_until", "session_until"])
def test_it_hears_our_clock_and_the_skew_of_ends(end):
    answer = WORLD.honest(**{end: 100})
    assert opinion(answer, now=WORLD.now + dt.timedelta(seconds=160)) is None
    assert opinion(answer, now=WORLD.now + dt.timedelta(seconds=161)) is not None


def test_it_hears_the_skew_of_beginnings():
    answer = WORLD.honest(confirmed_from=60)
    assert opinion(answer) is None
    assert opinion(answer, now=WORLD.now - dt.timedelta(seconds=1)) is not None


def test_each_thread_hears_its_own_clock():
    answers = {}

    def ask(name, now):
        answers[name] = opinion(WORLD.honest(), now=now)

    threads = [
        threading.Thread(target=ask, args=(name, now))
        for name, now in {"now": WORLD.now, "later": WORLD.now + dt.timedelta(hours=9)}.items()
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert answers["now"] is None
    assert answers["later"] is not None


def test_an_address_that_it_does_not_take_is_told():
    trust = dataclasses.replace(WORLD.idp.trust(), acs_url="file:///acs")
    with pytest.raises(ValueError, match="does not take the provider's settings"):
        Toolkit(trust, trust.certificates)


def test_the_library_still_looks_where_we_replaced():
    """A release that looks elsewhere would judge by the system's clock, and compile its schema anew each time."""
    own = toolkit._Own()
    kept, toolkit._OWN = toolkit._OWN, own
    try:
        assert opinion(WORLD.honest()) is None
    finally:
        toolkit._OWN = kept
    assert set(own.schemas) == {PROTOCOL}
    assert own.now == int(WORLD.now.timestamp())
    assert not own.paths, "the library asks in a form that is not walked, and costs three times as much"
    assert len(own.keys) == 1


@pytest.mark.parametrize("name", sorted(ATTACKS)[::3])
def test_the_schema_kept_judges_as_the_one_compiled_anew(name):
    document = ATTACKS[name].build(WORLD)
    raw = document.encode(errors="replace") if isinstance(document, str) else document
    raw = raw if isinstance(raw, bytes) else etree.tostring(raw)
    try:
        tree = xml_utils.OneLogin_Saml2_XML.to_etree(raw)
    except (ValueError, etree.XMLSyntaxError):
        return
    library = pristine(xml_utils).OneLogin_Saml2_XML
    assert isinstance(toolkit._validate(tree, PROTOCOL), str) == isinstance(library.validate_xml(tree, PROTOCOL), str)


def test_moments_are_those_that_the_library_reads():
    library = pristine(utils).OneLogin_Saml2_Utils
    for text in (
        "2026-03-01T12:00:00Z",
        "2026-03-01T12:00:00.999Z",
        "1969-12-31T23:59:59Z",
        "2026-03-01T12:00:00.1234567Z",
    ):
        assert toolkit._seconds(text) == library.parse_SAML_to_time(text)


def test_the_library_reads_what_our_parser_reads():
    """It is given our tree: its own parser, which drops comments and more, would make no other of what we let in."""
    library = pristine(xml_utils).OneLogin_Saml2_XML
    read = 0
    for attack in ATTACKS.values():
        document = attack.build(WORLD)
        raw = document.encode(errors="replace") if isinstance(document, str) else document
        raw = raw if isinstance(raw, bytes) else etree.tostring(raw)
        try:
            ours = parsed(plain(raw))
        except InvalidIdentityToken:
            continue
        read += 1
        assert etree.tostring(library.to_etree(raw)) == etree.tostring(ours)
    assert read > 100


def test_a_document_type_would_be_refused_by_the_library_too():
    root = etree.fromstring(b"<!DOCTYPE a>" + text_of(WORLD.honest()).encode())
    trust = WORLD.idp.trust()
    assert "DTDForbidden" in Toolkit(trust, trust.certificates).refusal(root, None, WORLD.now)


def test_texts_are_those_that_the_library_finds():
    library = pristine(xml_utils).OneLogin_Saml2_XML
    for xml in ("<a>b</a>", "<a/>", "<a><!-- c --></a>", "<a>b<!-- c -->d</a>", "<a>b<c/>d</a>", "<a><c/>d</a>"):
        assert toolkit._text(etree.fromstring(xml)) == library.element_text(etree.fromstring(xml))


def test_base64_is_decoded_as_the_library_does():
    library = pristine(utils).OneLogin_Saml2_Utils
    for text in (b"YWxpY2U=", "YWxpY2U=", b"YWxp\nY2U="):
        assert toolkit._decoded(text) == library.b64decode(text)


def test_addresses_are_compared_as_the_library_does():
    library = pristine(utils).OneLogin_Saml2_Utils
    for url in ("HTTPS://STS.example.com/Saml/acs?A=b#C", "https://x", "", "no address", "http://[", "https://a:1/"):
        for _ in range(2):
            assert utils.OneLogin_Saml2_Utils.normalize_url(url=url) == library.normalize_url(url=url)


@pytest.mark.parametrize("kind", ["a", "r", "ar", "", "encrypted"])
def test_what_is_asked_of_the_assertion_is_what_the_library_finds(kind):
    key = pem_of(private_key("RSA", "sp"))
    trust = WORLD.idp.trust(private_key=key)
    settings = Toolkit(trust, trust.certificates)._settings
    facts = WORLD.facts()
    root = WORLD.idp.encrypted(facts, WORLD.ours) if kind == "encrypted" else WORLD.idp.response(facts, signed=kind)
    ours = toolkit._Response(settings, parsed(text_of(root).encode()))
    for path in PATHS_OF_ASSERTION:
        found = ours._query_assertion(path)
        assert found == OneLogin_Saml2_Response._query_assertion(ours, path)
        assert found == library_paths(ours.get_xml_document(), f"/samlp:Response/saml:Assertion{path}")
    assert ours._query_assertion("/saml:Conditions")


def library_paths(root, path):
    return pristine(xml_utils).OneLogin_Saml2_XML.query(root, path)


PATHS_OF_ASSERTION = (
    "",
    "/saml:Issuer",
    "/saml:Conditions/saml:AudienceRestriction/saml:Audience",
    "/saml:AuthnStatement[@SessionNotOnOrAfter]",
    "/saml:AuthnStatement[@Nothing]",
    "/saml:AttributeStatement/saml:Attribute/saml:AttributeValue",
    "/saml:Subject/saml:EncryptedID/xenc:EncryptedData",
    "/saml:*",
)


def test_paths_kept_find_what_the_library_finds():
    library = pristine(xml_utils).OneLogin_Saml2_XML
    root = WORLD.honest("ar")
    for path in (
        "//saml:*",
        "/samlp:Response/*",
        "//ds:Signature",
        "/samlp:Response/saml:Assertion",
        "//saml:Assertion[@ID=$tagid]",
        "/samlp:Nothing",
    ):
        tagid = "_a1" if "$" in path else None
        assert toolkit._query(root, path, tagid=tagid) == library.query(root, path, tagid=tagid)
    assertion = root[-1]
    assert toolkit._query(root, "./saml:Issuer", assertion) == library.query(root, "./saml:Issuer", assertion)


@pytest.mark.parametrize("name", ["tampered", "signed by a stranger, whose certificate stands in KeyInfo", "honest"])
def test_signatures_hold_that_hold_for_the_library(name):
    library = pristine(utils).OneLogin_Saml2_Utils
    trust = WORLD.idp.trust()
    certificate = Toolkit(trust, trust.certificates)._settings.get_idp_data()["x509cert"]
    document = WORLD.honest() if name == "honest" else ATTACKS[name].build(WORLD)
    root = etree.fromstring(document) if isinstance(document, str) else document
    xmlsec.tree.add_ids(root, ["ID"])
    signature = root.find(".//{http://www.w3.org/2000/09/xmldsig#}Signature")
    judged = utils.OneLogin_Saml2_Utils.validate_node_sign(signature, root, certificate)
    assert judged is (name == "honest")
    assert judged == library.validate_node_sign(signature, root, certificate)


def test_xmlsec_reads_no_file_and_no_address(tmp_path):
    """`cleanup_callbacks` at start: what slipped through every rule of ours would still find nothing to read."""
    secret = tmp_path / "secret"
    secret.write_text("x")
    root = WORLD.honest()
    reference = root.find(".//{http://www.w3.org/2000/09/xmldsig#}Reference")
    reference.set("URI", secret.as_uri())
    context = xmlsec.SignatureContext()
    context.key = xmlsec.Key.from_memory(WORLD.idp.certificate, xmlsec.KeyFormat.CERT_DER, None)
    with pytest.raises(xmlsec.Error):
        context.verify(reference.getparent().getparent())


def test_an_answer_to_a_request_is_compared_by_the_library_too():
    assert opinion(WORLD.honest(in_response_to="_q"), asked="_other") is not None
    verification = Verification.of(WORLD.idp.trust())
    answer = encoded(WORLD.honest(in_response_to="_q"))
    assert verification.verify(answer, Solicitation(in_response_to="_q"), WORLD.now).identity.subject == "alice"
