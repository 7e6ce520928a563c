"""Ciphers, keys and forms of encryption that are not taken."""

import base64
import copy
from collections.abc import Callable
from typing import Any, Final

import xmlsec
from lxml import etree

from tests.fakes.saml_hostile.attack import (
    CBC,
    XENC11,
    Build,
    Document,
    World,
    add,
    attack,
    encrypted_edit,
)
from tests.fakes.saml_identity_provider import (
    DS,
    XENC,
    Element,
    certificate_of,
    found,
    parsed,
    reparsed,
)

add(
    "a key under RSA 1.5",
    lambda world: world.idp.encrypted(world.facts(), world.ours, transport=xmlsec.Transform.RSA_PKCS1),
    "algorithm that is not taken",
)
add(
    "a key under RSA 1.5, in a signed response",
    lambda world: world.idp.encrypted(world.facts(), world.ours, signed="ar", transport=xmlsec.Transform.RSA_PKCS1),
    "algorithm that is not taken",
)
add(
    "AES-CBC, the response not signed",
    lambda world: world.idp.encrypted(world.facts(), world.ours, data=CBC),
    "AES-CBC is taken only within",
)
add(
    "AES-CBC in a response signed by a stranger",
    lambda world: world.stranger.encrypted(world.facts(), world.ours, signed="ar", data=CBC),
    "no key of the identity provider",
)
add(
    "triple DES",
    lambda world: world.idp.encrypted(world.facts(), world.ours, signed="ar", data=xmlsec.Transform.DES3),
    "algorithm that is not taken",
)
add(
    "encrypted for somebody else",
    lambda world: world.idp.encrypted(world.facts(), certificate_of("RSA", "another sp")),
    "does not open with our key",
)


def _cipher(change: Callable[[bytes], bytes], *, key: bool = False, **how: Any) -> Build:
    def build(world: World) -> Document:
        root = world.idp.encrypted(world.facts(), world.ours, **how)
        path = (
            ".//xenc:EncryptedKey/xenc:CipherData/xenc:CipherValue"
            if key
            else ".//xenc:EncryptedData/xenc:CipherData/xenc:CipherValue"
        )
        value = found(root, path)
        value.text = base64.b64encode(change(base64.b64decode(value.text))).decode()
        if how.get("data") is CBC:
            for signature in root.xpath("ds:Signature", namespaces={"ds": DS}):
                root.remove(signature)
            world.idp.sign(root)
        return reparsed(root)

    return build


def _flipped(at: int) -> Callable[[bytes], bytes]:
    return lambda raw: (
        raw[:at] + bytes([raw[at] ^ 1]) + raw[at + 1 :]
        if at >= 0
        else raw[:at] + bytes([raw[at] ^ 1]) + raw[len(raw) + at + 1 :]
    )


_CLOSED: Final = "does not open with our key"
add("AES-GCM, a bit of the text changed", _cipher(_flipped(40)), _CLOSED)
add("AES-GCM, a bit of the tag changed", _cipher(_flipped(-1)), _CLOSED)
add("AES-GCM, too short for a tag", _cipher(lambda _: b"short"), _CLOSED)
add("an encrypted key changed", _cipher(_flipped(9), key=True), _CLOSED)
add("an encrypted key that is none", _cipher(lambda _: b"x", key=True), _CLOSED)
add(
    "AES-CBC, the padding changed",
    _cipher(lambda raw: raw[:-17] + bytes([raw[-17] ^ 0xF0]) + raw[-16:], data=CBC, signed="ar"),
    _CLOSED,
)
add("AES-CBC, not whole blocks", _cipher(lambda raw: raw[:-1], data=CBC, signed="ar"), _CLOSED)
add("AES-CBC, no block", _cipher(lambda raw: raw[:16], data=CBC, signed="ar"), _CLOSED)
add("AES-CBC, the encrypted key changed", _cipher(_flipped(9), key=True, data=CBC, signed="ar"), _CLOSED)


@attack("a key of another length than its cipher's", _CLOSED)
def _(world: World) -> Document:
    root = world.idp.encrypted(world.facts(), world.ours, data=xmlsec.Transform.AES128_GCM)
    found(root, ".//xenc:EncryptedData/xenc:EncryptionMethod").set("Algorithm", f"{XENC11}aes256-gcm")
    return root


def _cipher_reference(path: str) -> Callable[[Element], None]:
    def change(root: Element) -> None:
        cipher_data = found(root, path)
        for child in list(cipher_data):
            cipher_data.remove(child)
        etree.SubElement(cipher_data, f"{{{XENC}}}CipherReference").set("URI", "file:///dev/zero")

    return change


add(
    "CipherReference for the data",
    encrypted_edit(_cipher_reference(".//xenc:EncryptedData/xenc:CipherData")),
    "element that no answer may hold",
)
add(
    "CipherReference for the key",
    encrypted_edit(_cipher_reference(".//xenc:EncryptedKey/xenc:CipherData")),
    "element that no answer may hold",
)


def _look_alike(root: Element) -> None:
    found(root, ".//xenc:EncryptedData").tag = f"{{{XENC}x}}EncryptedData"


add(
    "encrypted data of a namespace that looks alike",
    encrypted_edit(_look_alike),
    "something else than encrypted data and its key",
)


def _no_method(root: Element) -> None:
    key = found(root, ".//xenc:EncryptedKey")
    info = etree.Element(f"{{{DS}}}KeyInfo")
    etree.SubElement(info, f"{{{DS}}}KeyName")
    key.replace(key[0], info)


add("no method for the key", encrypted_edit(_no_method), "EncryptedKey does not have exactly")


_OF_THE_KEY: Final = ".//xenc:EncryptedKey/xenc:CipherData"
add(
    "the key's cipher data twice",
    encrypted_edit(lambda root: found(root, _OF_THE_KEY).addnext(copy.deepcopy(found(root, _OF_THE_KEY)))),
    "EncryptedKey does not have exactly",
)
add(
    "no cipher data of the key",
    encrypted_edit(lambda root: found(root, ".//xenc:EncryptedKey").remove(found(root, _OF_THE_KEY))),
    "EncryptedKey does not have exactly",
)


def _two_digests(root: Element) -> None:
    method = found(root, ".//xenc:EncryptedKey/xenc:EncryptionMethod")
    for child in list(method):
        method.remove(child)
    for _ in range(2):
        etree.SubElement(method, f"{{{DS}}}DigestMethod").set("Algorithm", f"{DS}sha1")


add("two OAEP digests", encrypted_edit(_two_digests), "parameters that are not taken")


def _transforming(root: Element) -> None:
    etree.SubElement(found(root, ".//ds:RetrievalMethod"), f"{{{DS}}}Transforms")


def _retrieval_alike(root: Element) -> None:
    found(root, ".//ds:RetrievalMethod").tag = f"{{{DS}x}}RetrievalMethod"


for _name, _change in {"with transforms": _transforming, "of a namespace that looks alike": _retrieval_alike}.items():
    add(
        f"RetrievalMethod {_name}",
        encrypted_edit(_change, peer=True),
        "another key than the one beside it" if _change is _retrieval_alike else "out of its place",
    )


def _no_value(root: Element) -> None:
    cipher_data = found(root, ".//xenc:EncryptedData/xenc:CipherData")
    cipher_data.remove(cipher_data[0])


def _retrieval(uri: str, kind: str = f"{XENC}EncryptedKey") -> Callable[[Element], None]:
    def change(root: Element) -> None:
        retrieval = found(root, ".//ds:RetrievalMethod")
        retrieval.set("URI", uri)
        retrieval.set("Type", kind)

    return change


def _remote_key(root: Element) -> None:
    key = found(root, ".//xenc:EncryptedKey")
    holder = key.getparent()
    holder.remove(key)
    retrieval = etree.SubElement(holder, f"{{{DS}}}RetrievalMethod")
    retrieval.set("URI", "http://169.254.169.254/key")
    retrieval.set("Type", f"{XENC}EncryptedKey")


def _into_key_info(name: str) -> Callable[[Element], None]:
    def change(root: Element) -> None:
        key = found(root, ".//xenc:EncryptedKey")
        info = etree.Element(f"{{{DS}}}KeyInfo")
        key[0].addnext(info)
        etree.SubElement(info, f"{{{DS}}}{name}").set("URI", "http://169.254.169.254/key")

    return change


add("CipherData without its value", encrypted_edit(_no_value), "does not hold its value itself")
add(
    "RetrievalMethod to a URL",
    encrypted_edit(_retrieval("http://169.254.169.254/key"), peer=True),
    "another key than the one beside it",
)
add(
    "RetrievalMethod to another element",
    encrypted_edit(_retrieval("#_r1"), peer=True),
    "another key than the one beside it",
)
add(
    "RetrievalMethod of another type",
    encrypted_edit(_retrieval("#_ek1", f"{DS}rawX509Certificate"), peer=True),
    "another key than the one beside it",
)
add("RetrievalMethod in place of the key", encrypted_edit(_remote_key), "exactly one encryption")
add(
    "RetrievalMethod for the key's key",
    encrypted_edit(_into_key_info("RetrievalMethod")),
    "a reference to a key out of its place",
)
add(
    "MgmtData for the key's key",
    encrypted_edit(_into_key_info("MgmtData")),
    "EncryptedKey's KeyInfo holds something else",
)
add(
    "two keys",
    encrypted_edit(
        lambda root: found(root, ".//xenc:EncryptedKey").addnext(copy.deepcopy(found(root, ".//xenc:EncryptedKey")))
    ),
    "exactly one encryption",
)
add(
    "two keys beside the data",
    encrypted_edit(
        lambda root: found(root, ".//saml:EncryptedAssertion").append(
            parsed(f'<xenc:EncryptedKey xmlns:xenc="{XENC}"/>')
        ),
        peer=True,
    ),
    "exactly one encryption",
)
add(
    "no key",
    encrypted_edit(
        lambda root: found(root, ".//xenc:EncryptedData").remove(found(root, ".//xenc:EncryptedData/ds:KeyInfo"))
    ),
    "exactly one encryption",
)
add(
    "parameters on the cipher",
    encrypted_edit(
        lambda root: etree.SubElement(found(root, ".//xenc:EncryptedData/xenc:EncryptionMethod"), f"{{{XENC}}}KeySize")
    ),
    "a cipher is given parameters",
)
add(
    "OAEP parameters",
    encrypted_edit(
        lambda root: etree.SubElement(
            found(root, ".//xenc:EncryptedKey/xenc:EncryptionMethod"), f"{{{XENC}}}OAEPparams"
        )
    ),
    "parameters that are not taken",
)
add(
    "an OAEP digest that nobody knows",
    encrypted_edit(
        lambda root: etree.SubElement(
            found(root, ".//xenc:EncryptedKey/xenc:EncryptionMethod"), f"{{{DS}}}DigestMethod"
        ).set("Algorithm", "urn:x")
    ),
    "DigestMethod of an encrypted assertion",
)
add(
    "something else in the encrypted assertion",
    encrypted_edit(lambda root: etree.SubElement(found(root, ".//saml:EncryptedAssertion"), "{urn:x}y")),
    "something else than encrypted data and its key",
)
add(
    "something else in the encrypted key",
    encrypted_edit(
        lambda root: etree.SubElement(found(root, ".//xenc:EncryptedKey"), f"{{{XENC}}}EncryptionProperties")
    ),
    "EncryptedKey does not have exactly",
)
add(
    "a cipher value that is no base64",
    encrypted_edit(
        lambda root: setattr(found(root, ".//xenc:EncryptedData/xenc:CipherData/xenc:CipherValue"), "text", "!!!!")
    ),
    "CipherValue is not base64",
)
