"""Words for what policies name: actions, resources, and the variables in them."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Final

_VARIABLE: Final = re.compile(r"\$\{([^}]*)\}")
_DEFAULT: Final = re.compile(r"([^,]+)(?:,\s*'([^']*)'\s*)?")
_ARN_PARTS: Final = 6
_WILD: Final = re.compile(r"[*?]")
_ESCAPED: Final = frozenset("*?$")


def listed(texts: Sequence[str], last: str = "and") -> str:
    """`a`, `a and b`, `a, b and c`."""
    *others, end = texts
    return f"{', '.join(others)} {last} {end}" if others else end


def key_told(key: str) -> str:
    """A condition key: `your tag team` for `aws:PrincipalTag/team`."""
    folded = key.lower()
    if folded in _KEYS:
        return _KEYS[folded]
    for prefix, told in _TAGS.items():
        if folded.startswith(prefix):
            return f"{told} {key[len(prefix) :]}"
    return key


def value_told(text: str, has_variables: bool) -> str:  # noqa: FBT001  of the policy's version
    """A value or a part of a resource, its variables in words."""
    return _VARIABLE.sub(_variable, text) if has_variables else text


def _variable(match: re.Match[str]) -> str:
    name = match[1]
    if name in _ESCAPED:
        return name
    parts = _DEFAULT.fullmatch(name)
    key, default = (name, None) if parts is None else (parts[1].strip(), parts[2])
    return f"({key_told(key)})" if default is None else f"({key_told(key)}, else {default})"


def actions_told(actions: Sequence[str]) -> tuple[str, ...]:
    """Each as words; services that are named as a whole, together: `do anything with S3 and SQS`."""
    whole = [_service(one) for one in actions if _is_service(one)]
    told = (_action_told(one) for one in actions if not _is_service(one))
    return (*((f"do anything with {listed(whole)}",) if whole else ()), *told)


def _is_service(action: str) -> bool:
    return action.endswith(":*") and not action.startswith("*")


def _service(action: str) -> str:
    vendor = action.lower().partition(":")[0]
    return _SERVICES.get(vendor, vendor)


def _action_told(action: str) -> str:
    """An action or a pattern of actions: `read objects` for `s3:GetObject`."""
    vendor, _, name = action.lower().partition(":")
    if action == "*" or (vendor == "*" and name == "*"):
        return "do anything"
    known = _ACTIONS.get(f"{vendor}:{name}")
    if known is not None:
        return known
    begin = action.partition(":")[2].removesuffix("*")
    if name.endswith("*") and not _WILD.search(begin) and vendor != "*":
        return f"use all {_service(action)} actions that begin with {begin}"
    return f"use {action}"


def resource_told(resource: str, has_variables: bool) -> str:  # noqa: FBT001  of the policy's version
    """A resource or a pattern of resources: `everything in the bucket lake` for `arn:aws:s3:::lake/*`."""
    if resource == "*":
        return "everything"
    parts = resource.split(":", _ARN_PARTS - 1)
    tell = _RESOURCES.get(parts[2]) if len(parts) == _ARN_PARTS else None
    told = None if tell is None else tell(value_told(parts[4], has_variables), value_told(parts[5], has_variables))
    return told or value_told(resource, has_variables)


def _of_s3(_account: str, name: str) -> str:
    bucket, slash, key = name.partition("/")
    where = "every bucket" if bucket == "*" else f"{'buckets like' if _WILD.search(bucket) else 'the bucket'} {bucket}"
    if not slash:
        return where
    if key == "*":
        return f"everything in {where}"
    folder = key.removesuffix("*")
    if folder != key and folder.endswith("/") and not _WILD.search(folder):
        return f"everything under {folder} in {where}"
    return f"{'objects like' if _WILD.search(key) else 'the object'} {key} in {where}"


def _of_iam(account: str, name: str) -> str | None:
    kind, _, rest = name.partition("/")
    if kind != "role" or not rest:
        return None
    of = f" of account {account}" if account and account != "*" else ""
    if rest == "*":
        return f"every role{of}"
    return f"{'roles like' if _WILD.search(rest) else 'the role'} {rest}{of}"


def _of_execute_api(_account: str, name: str) -> str | None:
    api, _, rest = name.partition("/")
    stage, _, route = rest.partition("/")
    method, _, path = route.partition("/")
    if not route:
        return f"all of the API {api}" if rest in {"", "*"} else None
    called = "every method" if method == "*" else method
    return f"{called} of /{path} of the API {api}, stage {stage}"


def _of_gateway(_account: str, name: str) -> str | None:
    kind, _, rest = name.partition("/")
    if kind == "configuration":
        return "this gateway"
    return f"the {kind} {rest}" if kind in {"service", "subject"} and rest else None


_RESOURCES: Final[Mapping[str, Callable[[str, str], str | None]]] = {
    "s3": _of_s3,
    "iam": _of_iam,
    "execute-api": _of_execute_api,
    "gateway": _of_gateway,
}
"""Service of an ARN to what tells of an account's resource; None where its form is not known."""

_SERVICES: Final[Mapping[str, str]] = {
    "s3": "S3",
    "sts": "STS",
    "dynamodb": "DynamoDB",
    "sqs": "SQS",
    "sns": "SNS",
    "kms": "KMS",
    "iam": "IAM",
    "ec2": "EC2",
    "execute-api": "HTTP APIs",
    "gateway": "this gateway",
    "logs": "logs",
    "kinesis": "Kinesis",
    "secretsmanager": "secrets",
}

_ACTIONS: Final[Mapping[str, str]] = {
    "s3:getobject": "read objects",
    "s3:getobjectversion": "read old versions of objects",
    "s3:getobjecttagging": "read objects' tags",
    "s3:getobjectacl": "read objects' access lists",
    "s3:putobject": "write objects",
    "s3:putobjecttagging": "change objects' tags",
    "s3:putobjectacl": "change objects' access lists",
    "s3:deleteobject": "delete objects",
    "s3:deleteobjectversion": "delete old versions of objects",
    "s3:abortmultipartupload": "end uploads that were begun",
    "s3:listmultipartuploadparts": "list parts of uploads",
    "s3:listbucketmultipartuploads": "list uploads that were begun",
    "s3:listbucket": "list objects",
    "s3:listbucketversions": "list old versions of objects",
    "s3:listallmybuckets": "list buckets",
    "s3:getbucketlocation": "ask where a bucket is",
    "s3:createbucket": "make buckets",
    "s3:deletebucket": "delete buckets",
    "s3:getbucketpolicy": "read buckets' policies",
    "s3:putbucketpolicy": "change buckets' policies",
    "sts:assumerole": "assume roles",
    "sts:tagsession": "tag sessions",
    "sts:setsourceidentity": "set a source identity",
    "sts:getcalleridentity": "ask who they are",
    "sts:getwebidentitytoken": "get ID tokens of this gateway",
    "sts:getsessiontoken": "get temporary keys",
    "sts:getfederationtoken": "get keys for others",
    "sts:decodeauthorizationmessage": "read why a request was refused",
    "execute-api:invoke": "call HTTP APIs",
    "dynamodb:getitem": "read items",
    "dynamodb:batchgetitem": "read many items",
    "dynamodb:query": "query tables",
    "dynamodb:scan": "read whole tables",
    "dynamodb:putitem": "write items",
    "dynamodb:updateitem": "change items",
    "dynamodb:deleteitem": "delete items",
    "sqs:sendmessage": "send messages",
    "sqs:receivemessage": "receive messages",
    "sqs:deletemessage": "delete messages",
    "kms:decrypt": "decrypt",
    "kms:encrypt": "encrypt",
    "gateway:authenticate": "verify requests for a service",
    "gateway:revoke": "end sessions",
    "gateway:readconfiguration": "see this gateway's configuration and health",
}
"""Action in lower case to what it does. What is not here is told by its own name."""

_KEYS: Final[Mapping[str, str]] = {
    "aws:sourceip": "your address",
    "aws:username": "your user name",
    "aws:userid": "your user id",
    "aws:principalarn": "your ARN",
    "aws:principalaccount": "your account",
    "aws:principaltype": "what you are",
    "aws:sourceidentity": "your source identity",
    "aws:useragent": "your program's name",
    "aws:currenttime": "the time",
    "aws:epochtime": "the time (in seconds)",
    "aws:tokenissuetime": "the time of your sign-in",
    "aws:multifactorauthpresent": "a second factor at your sign-in",
    "aws:multifactorauthage": "the age of your second factor (in seconds)",
    "aws:securetransport": "TLS on the way",
    "aws:requestedregion": "the region",
    "s3:prefix": "the prefix that is listed",
    "s3:delimiter": "the delimiter",
    "s3:max-keys": "the number of keys that is asked for",
    "s3:x-amz-acl": "the access list that is set",
    "s3:x-amz-server-side-encryption": "the encryption that is asked for",
    "s3:versionid": "the version",
    "sts:externalid": "the external id",
}
"""Condition key in lower case to what it is for the person."""

_TAGS: Final[Mapping[str, str]] = {
    "aws:principaltag/": "your tag",
    "aws:resourcetag/": "the resource's tag",
    "aws:requesttag/": "the tag to set,",
    "s3:existingobjecttag/": "the object's tag",
    "s3:requestobjecttag/": "the object's tag to set,",
}
