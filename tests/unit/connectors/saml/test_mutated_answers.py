"""Honest answers mutated by the ten thousand: nothing but refusals, and taken is exactly what still reads as honest.

What reads as honest is judged by another parser (expat) and another canonicalization (Python's own): same elements,
attributes and texts, but for blanks and the writing of base64 in a signature's own children, which no signature covers.
"""

import base64
import datetime as dt
import io
import os
import random
import re
import xml.etree.ElementTree as ET
from collections import Counter

import pytest
from lxml import etree

from gateway.connectors.saml.verification import Verification
from gateway.domain.assertion import UNSOLICITED, UnverifiedAssertion
from gateway.domain.errors import GatewayError
from tests.fakes.saml_attacks import World
from tests.fakes.saml_identity_provider import DS, How, encoded, pem_of, private_key, text_of

pytestmark = pytest.mark.slow

SEED = 20_260_301
COUNT = 100_000 if os.environ.get("STS_GATEWAY_LONG") else 10_000
WORLD = World(now=dt.datetime(2026, 3, 1, 12, tzinfo=dt.UTC))
TRUST = WORLD.idp.trust(private_key=pem_of(private_key("RSA", "sp")))
PLAIN = How(key_info=False)
TOKENS = (
    "<!---->",
    "<![CDATA[a]]>",
    "<?a b?>",
    "<!DOCTYPE a>",
    "&#x41;",
    "&#13;",
    "&#0;",
    "&amp;",
    "<x/>",
    "<x>admin</x>",
    ' xmlns:rel="1"',
    ' xmlns:f="urn:f"',
    ' xmlns=""',
    ' ID="_evil"',
    ' x:ID="_a1"',
    ' Id="_a1"',
    "admin",
    " ",
    "\n",
    "\u200b",
    "\u202e",
    '<ds:Object xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/>',
)


# Without xsi:type, whose prefix no exclusive canonicalization covers: only schema and parser see what it is bound to.
VALUES = "".join(
    f'<saml:Attribute Name="{name}">{"".join(f"<saml:AttributeValue>{value}</saml:AttributeValue>" for value in values)}'
    "</saml:Attribute>"
    for name, values in {"uid": ("alice",), "mail": ("alice@corp.example",), "memberOf": ("analysts", "staff")}.items()
)
ABSOLUTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:\S+")


def honest(kind: str, **changes) -> str:
    facts = WORLD.facts(attributes={}, attributes_xml=VALUES, **changes)
    if kind == "encrypted":
        return text_of(WORLD.idp.encrypted(facts, WORLD.ours, signed="ar", how=PLAIN))
    return text_of(WORLD.idp.response(facts, signed=kind, how=PLAIN))


# Mutators: of text


def flip_a_character(text, rng):
    at = rng.randrange(len(text))
    return text[:at] + chr(ord(text[at]) ^ (1 << rng.randrange(7))) + text[at + 1 :]


def drop_a_slice(text, rng):
    at = rng.randrange(len(text))
    return text[:at] + text[at + rng.randrange(1, 40) :]


def repeat_a_slice(text, rng):
    at, length = rng.randrange(len(text)), rng.randrange(1, 600)
    return text[: at + length] + text[at:]


def exchange_slices(text, rng):
    a, b = sorted(rng.sample(range(len(text)), 2))
    length = rng.randrange(1, 60)
    return text[:a] + text[b : b + length] + text[a + length : b] + text[a : a + length] + text[b + length :]


def insert_a_token(text, rng):
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(TOKENS) + text[at:]


def insert_a_token_behind_a_tag(text, rng):
    places = [at for at, character in enumerate(text) if character in "> "]
    at = rng.choice(places) + 1
    return text[:at] + rng.choice(TOKENS) + text[at:]


def exchange_values(text, rng):
    parts = text.split('"')
    a, b = (rng.randrange(1, len(parts) - 1, 2) for _ in range(2))
    parts[a], parts[b] = parts[b], parts[a]
    return '"'.join(parts)


def splice_another_answer(text, rng):
    other = honest("ar", name_id="bob", assertion_id="_a2", response_id="_r2")
    at = rng.randrange(min(len(text), len(other)))
    mutant = text[:at] + other[at:]
    return text[:at] if mutant == other else mutant


def write_a_character_otherwise(text, rng):
    places = [
        at for at in range(1, len(text)) if text[at].isalpha() and text.rfind(">", 0, at) > text.rfind("<", 0, at)
    ]
    if not places:
        return text[1:]
    at = rng.choice(places)
    return f"{text[:at]}&#x{ord(text[at]):x};{text[at + 1 :]}"


def write_a_tag_otherwise(text, rng):
    places = [at for at, character in enumerate(text) if character == ">" and text[at - 1] != "/"]
    at = rng.choice(places)
    return text[:at] + rng.choice(("\n", " ", "\t ")) + text[at:]


# Mutators: of the tree


def of_tree(change):
    def mutate(text, rng):
        root = etree.fromstring(text)
        change(root, list(root.iter()), rng)
        return etree.tostring(root, encoding="unicode")

    mutate.__name__ = change.__name__
    return mutate


@of_tree
def drop_an_element(_root, elements, rng):
    victim = rng.choice(elements[1:])
    victim.getparent().remove(victim)


@of_tree
def repeat_an_element(_root, elements, rng):
    copied = etree.fromstring(etree.tostring(rng.choice(elements[1:]), with_tail=False))
    target = rng.choice(elements)
    target.insert(rng.randrange(len(target) + 1), copied)


@of_tree
def move_an_element(_root, elements, rng):
    moved, target = rng.choice(elements[1:]), rng.choice(elements)
    if target not in list(moved.iter()):
        target.insert(rng.randrange(len(target) + 1), moved)


@of_tree
def change_a_text(_root, elements, rng):
    rng.choice(elements).text = rng.choice(("admin", "", " ", "https://evil.example", "bob", "_evil"))


@of_tree
def change_an_attribute(_root, elements, rng):
    element = rng.choice([one for one in elements if one.attrib])
    element.set(rng.choice(list(element.attrib)), rng.choice(("", "admin", "_evil", "#_evil", "2099-01-01T00:00:00Z")))


@of_tree
def drop_an_attribute(_root, elements, rng):
    element = rng.choice([one for one in elements if one.attrib])
    del element.attrib[rng.choice(list(element.attrib))]


@of_tree
def rename_an_element(_root, elements, rng):
    element, other = rng.choice(elements), rng.choice(elements)
    element.tag = rng.choice((other.tag, f"{{urn:x}}{etree.QName(element).localname}"))


@of_tree
def write_it_anew(_root, _elements, _rng):
    pass


# Mutators: of base64


def of_base64(change):
    def mutate(text, rng):
        return Encoded(change(base64.b64encode(text.encode()).decode(), rng))

    mutate.__name__ = change.__name__
    return mutate


class Encoded(str):
    __slots__ = ()


@of_base64
def break_lines(text, rng):
    at = rng.randrange(len(text))
    return text[:at] + rng.choice(("\n", "\r\n", "\t", " ", "\v", "\u00a0", "!", "=")) + text[at:]


@of_base64
def cut_base64(text, rng):
    return text[: rng.randrange(len(text))]


@of_base64
def change_base64(text, rng):
    at = rng.randrange(len(text))
    return text[:at] + rng.choice("ABCDwxyz0189+/=-_") + text[at + 1 :]


MUTATORS = (
    flip_a_character,
    drop_a_slice,
    repeat_a_slice,
    exchange_slices,
    insert_a_token,
    insert_a_token_behind_a_tag,
    exchange_values,
    splice_another_answer,
    write_a_character_otherwise,
    write_a_tag_otherwise,
    drop_an_element,
    repeat_an_element,
    move_an_element,
    change_a_text,
    change_an_attribute,
    drop_an_attribute,
    rename_an_element,
    write_it_anew,
    break_lines,
    cut_base64,
    change_base64,
)


def posted(mutant: str) -> UnverifiedAssertion:
    if isinstance(mutant, Encoded):
        return UnverifiedAssertion(mutant)
    return UnverifiedAssertion(base64.b64encode(mutant.encode(errors="surrogatepass")).decode())


def reading(parameter: str) -> str | None:
    """How another parser and another canonicalization read it; None where they do not, or markup hides something."""
    bare = "".join(character for character in parameter if character not in "\r\n\t ")
    try:
        raw = base64.b64decode(bare, validate=True)
        text = raw.decode("utf-8")
        if base64.b64encode(raw).decode() != bare or "<!" in text or "<?" in text or text.startswith("\ufeff"):
            return None
        parser = ET.iterparse(io.BytesIO(raw), events=("start-ns",))
        if not all(ABSOLUTE.fullmatch(uri) for _, (_, uri) in parser):
            return None
        root = parser.root
    except (ValueError, ET.ParseError):
        return None
    own = root.findall(f"{{{DS}}}Signature")
    for signature in own or root.iter(f"{{{DS}}}Signature"):
        for child in (signature, *signature):
            if child is signature or child.tag == f"{{{DS}}}SignatureValue":
                child.text = written_plainly(child.text)
            if child is not signature:
                child.tail = written_plainly(child.tail)
    # Written out and read again, a carriage return would be a newline.
    return ET.canonicalize(ET.tostring(root, encoding="unicode").replace("\r", "\ue000"))


def without_its_own_signature(text: str) -> str:
    """A response is believed for its assertion's signature; one of its own may be missing, and not be broken."""
    root = etree.fromstring(text)
    root.remove(root.find(f"{{{DS}}}Signature"))
    return etree.tostring(root, encoding="unicode")


def written_plainly(text: str | None) -> str:
    return "".join(character for character in text or "" if character not in "\r\n\t ")


@pytest.mark.timeout(3_600 if COUNT > 10_000 else 240)
@pytest.mark.parametrize("kind", ["ar", "encrypted"])
def test_of_mutated_answers_those_are_taken_that_read_as_the_honest_one(kind, capsys):
    verification, rng = Verification.of(TRUST), random.Random(SEED)
    original = honest(kind)
    expected = {reading(encoded(original)), reading(encoded(without_its_own_signature(original)))}
    proven = verification.verify(encoded(original), UNSOLICITED, WORLD.now)
    taken, refused = Counter(), Counter()
    for _ in range(2 * COUNT // 5):
        mutator = rng.choice(MUTATORS)
        mutant = mutator(original, rng)
        if not isinstance(mutant, Encoded) and rng.random() < 0.1:
            mutant = rng.choice(MUTATORS[:10])(mutant, rng) if len(mutant) > 1_000 else mutant
        parameter = posted(mutant)
        try:
            read = verification.verify(parameter, UNSOLICITED, WORLD.now)
        except GatewayError:
            refused[mutator.__name__] += 1
            assert reading(parameter) not in expected, f"refused and reads as honest: {mutant}"
        else:
            taken[mutator.__name__] += 1
            assert read == proven, f"taken and proves something else: {mutant}"
            assert reading(parameter) in expected, f"taken and reads otherwise: {mutant}"
    with capsys.disabled():
        told = f"{2 * COUNT // 5} mutants by {len(MUTATORS)} mutators, seed {SEED}: {taken.total()} taken, {refused.total()} refused"
        print(f"\nSAML, {kind}: {told}")
    assert taken.total() > COUNT // 100
    assert set(taken) | set(refused) == {mutator.__name__ for mutator in MUTATORS}


@pytest.mark.timeout(3_600 if COUNT > 10_000 else 240)
def test_of_a_response_that_is_not_signed_nothing_counts_but_the_assertion(capsys):
    verification, rng = Verification.of(TRUST), random.Random(SEED + 1)
    original = honest("a")
    proven = verification.verify(encoded(original), UNSOLICITED, WORLD.now)
    taken = 0
    for _ in range(COUNT // 5):
        parameter = posted(rng.choice(MUTATORS)(original, rng))
        try:
            read = verification.verify(parameter, UNSOLICITED, WORLD.now)
        except GatewayError:
            continue
        taken += 1
        assert (read.identity, read.assertion_id, read.used_until) == (
            proven.identity,
            proven.assertion_id,
            proven.used_until,
        )
    with capsys.disabled():
        print(f"\nSAML, assertion signed: {COUNT // 5} mutants, seed {SEED + 1}: {taken} taken")
    assert taken > COUNT // 100
