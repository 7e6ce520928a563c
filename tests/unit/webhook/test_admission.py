"""AdmissionReview v1: read strictly, answered with the question's uid."""

import base64
import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.webhook.admission import UnreadableReview, answer, read
from tests.fakes.pods import pod
from tests.servers.kubernetes_admission import review


def bytes_of(document: Any) -> bytes:
    return json.dumps(document).encode()


def test_a_new_pod_is_read_with_its_namespace_from_the_request() -> None:
    question = review("data", pod(metadata={"namespace": ""}))

    read_review = read(bytes_of(question))

    assert read_review.uid == question["request"]["uid"]
    assert (read_review.namespace, read_review.is_creation) == ("data", True)
    assert read_review.pod.service_account == "etl"


def changed(**request: Any) -> bytes:
    question = review("data", pod())
    question["request"] |= request
    return bytes_of(question)


@pytest.mark.parametrize(
    "body",
    [
        changed(operation="UPDATE"),
        changed(subResource="ephemeralcontainers"),
        changed(resource={"group": "apps", "version": "v1", "resource": "pods"}),
        changed(resource={"group": "", "version": "v1", "resource": "services"}),
        changed(object=None),
    ],
    ids=["an update", "a subresource", "another group", "another resource", "no object"],
)
def test_what_is_no_new_pod_is_none(body: bytes) -> None:
    assert not read(body).is_creation


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"\xff",
        b"[]",
        b"[" * 100_000,
        bytes_of({**review("data", pod()), "apiVersion": "admission.k8s.io/v1beta1"}),
        bytes_of({**review("data", pod()), "kind": "Pod"}),
        bytes_of({"apiVersion": "admission.k8s.io/v1", "kind": "AdmissionReview"}),
        changed(uid=None),
        changed(uid=""),
    ],
    ids=["empty", "cut", "no text", "a list", "deep", "v1beta1", "another kind", "no request", "no uid", "empty uid"],
)
def test_what_is_no_review_of_version_1_is_refused(body: bytes) -> None:
    with pytest.raises(UnreadableReview):
        read(body)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=10,
)
NAMES = st.sampled_from(
    [
        "metadata",
        "spec",
        "annotations",
        "labels",
        "containers",
        "initContainers",
        "volumes",
        "env",
        "volumeMounts",
        "name",
    ]
)
PODS = st.recursive(
    JSON, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=5), max_leaves=20
)


@given(PODS)
def test_whatever_stands_where_a_pod_should_is_answered(document: Any) -> None:
    from gateway.webhook.settings import Mode
    from tests.fakes.webhook_world import mutated

    read_review = read(changed(object=document))
    for mode in Mode:
        mutated(dict(read_review.pod.document), mode=mode)


def response(body: bytes) -> dict[str, Any]:
    document = json.loads(body)
    assert (document["apiVersion"], document["kind"]) == ("admission.k8s.io/v1", "AdmissionReview")
    inner: dict[str, Any] = document["response"]
    return inner


def test_without_operations_there_is_no_patch() -> None:
    question = read(changed())

    assert response(answer(question, (), ())) == {"uid": question.uid, "allowed": True}


def test_a_patch_is_json_patch_in_base64() -> None:
    operations = [{"op": "add", "path": "/x", "value": 1}]

    answered = response(answer(read(changed()), operations, ["mind this"]))

    assert answered["patchType"] == "JSONPatch"
    assert json.loads(base64.b64decode(answered["patch"])) == operations
    assert answered["warnings"] == ["sts-gateway: mind this"]


def test_warnings_are_bounded_and_hold_nothing_that_moves_a_cursor() -> None:
    answered = response(answer(read(changed()), (), ["x" * 1_000, "a\x1b[31m\nb", *["more"] * 50]))

    warnings = answered["warnings"]
    assert len(warnings) == 12
    assert max(map(len, warnings)) == 256
    assert warnings[0].endswith("...")
    assert warnings[1] == "sts-gateway: a?[31m?b"


def test_a_warning_of_megabytes_is_cut_before_it_is_looked_at() -> None:
    question = read(changed())
    began = time.process_time()
    answered = response(answer(question, (), ["x" * 16_000_000] * 12))

    assert set(map(len, answered["warnings"])) == {256}
    # Letter by letter it took some seconds, for which all other reviews waited.
    assert time.process_time() - began < 1
