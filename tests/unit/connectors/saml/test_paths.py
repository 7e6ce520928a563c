"""What is walked is what an XPath engine finds, in the same order, in any document."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree
from onelogin.saml2.constants import OneLogin_Saml2_Constants

from gateway.connectors.saml.paths import anywhere, from_root, steps_of, walked

NAMESPACES = OneLogin_Saml2_Constants.NSMAP
NAMES = ("saml:A", "saml:B", "samlp:A", "ds:A")
ATTRIBUTES = ({}, {"ID": "_1"}, {"ID": "_2"}, {"Id": "_1"}, {"ID": ""}, {f"{{{NAMESPACES['saml']}}}ID": "_1"})

names = st.sampled_from(NAMES)
trees = st.recursive(
    st.tuples(names, st.sampled_from(ATTRIBUTES), st.just([])),
    lambda below: st.tuples(names, st.sampled_from(ATTRIBUTES), st.lists(below, max_size=4)),
    max_leaves=20,
)
predicates = st.sampled_from(("", "", "[@ID=$tagid]", "[@ID]"))
paths = st.lists(st.tuples(names, predicates), min_size=1, max_size=4).map(
    lambda steps: "".join(f"/{name}{predicate}" for name, predicate in steps)
)


def element(tree):
    name, attributes, below = tree
    prefix, _, local = name.partition(":")
    made = etree.Element(f"{{{NAMESPACES[prefix]}}}{local}", attributes)
    made.extend([element(one) for one in below])
    return made


def asked(source, path, tag_id):
    return source.xpath(path, namespaces=NAMESPACES, tagid=tag_id)


@given(trees, paths, st.sampled_from(("_1", "_2", "_3", "")))
def test_an_absolute_path_leads_where_xpath_does(tree, path, tag_id):
    root = element(tree)
    for source in root.iter():
        assert from_root(source, steps_of(path), tag_id) == asked(source, path, tag_id)


@given(trees, paths, st.sampled_from(("_1", "_3")))
def test_a_path_from_elements_leads_where_xpath_does(tree, path, tag_id):
    root = element(tree)
    assert walked([root], steps_of(path), tag_id) == asked(root, f".{path}", tag_id)
    starts = root.getchildren()
    assert walked(starts, steps_of(path), tag_id) == asked(root, f"./*{path}", tag_id)


@given(trees, names)
def test_what_stands_anywhere_is_found_as_xpath_does(tree, name):
    root = element(tree)
    _, tag = anywhere(f"//{name}")
    for source in root.iter():
        assert list(root.iter(tag)) == asked(source, f"//{name}", "")
        assert list(source.iterdescendants(tag)) == asked(source, f".//{name}", "")


@pytest.mark.parametrize(
    "path",
    [
        "/saml:*",
        "/saml:A/*",
        "/saml:A[1]",
        "/saml:A[@ID='x']",
        "/saml:A[@ID=$other]",
        "/saml:A[@saml:ID]",
        "saml:A",
        "./saml:A",
        "/saml:A/",
        "/saml:A//saml:B",
        "//saml:A",
        "/other:A",
        "/A",
        "/saml:A|/saml:B",
        "/saml:A/text()",
        "/saml:A/@ID",
        "/saml:A\n",
    ],
)
def test_a_path_of_another_form_is_left_to_the_engine(path):
    assert steps_of(path) is None


@pytest.mark.parametrize("path", ["//saml:*", "//other:A", "//saml:A/saml:B", "//saml:A[@ID]", "/saml:A", "..//saml:A"])
def test_another_search_is_left_to_the_engine(path):
    assert anywhere(path) is None


def test_a_tag_id_that_is_not_given_is_no_tag_id_that_is_missing():
    root = element(("saml:A", {}, []))
    with pytest.raises(etree.XPathEvalError):
        from_root(root, steps_of("/saml:A[@ID=$tagid]"), None)


def test_whether_it_is_sought_below_one_element():
    assert [anywhere(path)[0] for path in ("//ds:A", ".//ds:A")] == [False, True]
