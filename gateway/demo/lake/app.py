"""The lake's HTTP: a request becomes a question to the exchange, its answer S3's."""

import hashlib
from collections.abc import Mapping
from typing import Final

from gateway.actions.action import ServiceAction
from gateway.demo.lake.bucket import StoredObject
from gateway.demo.lake.operations import LakeRequest, Objects, missing, operation_for, query_of
from gateway.domain.clock import Clock
from gateway.domain.errors import GatewayError, UnmappedRequest
from gateway.domain.origin import RequestOrigin
from gateway.domain.service import Service
from gateway.exchange.exchange import Exchange
from gateway.sigv4.request import HttpRequest
from gateway.web.asgi import Application, Receive, Scope, Send
from gateway.web.edge import Edge
from gateway.web.limits import read_body
from gateway.web.origin import origin_of
from gateway.web.responses import Answer, send_answer
from gateway.wire import s3_faults

_MAXIMUM_BODY: Final = 8 * 1_024 * 1_024
_ARN_PREFIX: Final = "arn:aws:s3:::"


def lake_app(
    *, exchange: Exchange, service: Service, clock: Clock, url: str, bucket: str, objects: Mapping[str, StoredObject]
) -> Application:
    """The lake as an ASGI application: one bucket, which holds `objects` at first. `url`: its own."""
    lake = _Lake(exchange=exchange, service=service, clock=clock, bucket=bucket, objects=dict(objects))
    return Edge(
        lake,
        render_fault=lambda fault, request_id: _refusal(fault, request_id, "GET"),
        trusted_proxies=(),
        public_url=url,
        access_log=None,
    )


class _Lake:
    def __init__(self, *, exchange: Exchange, service: Service, clock: Clock, bucket: str, objects: Objects) -> None:
        self._exchange: Final = exchange
        self._service: Final = service
        self._clock: Final = clock
        self._bucket: Final = bucket
        self._objects: Final = objects

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin = origin_of(scope)
        try:
            body = await read_body(receive, _MAXIMUM_BODY)
            answer = self._answered(scope, body, origin)
        except GatewayError as error:
            answer = _refusal(error, origin.request_id, scope["method"])
        headers = (*answer.headers, (b"x-amz-request-id", origin.request_id.encode("ascii")))
        await send_answer(send, Answer(status=answer.status, body=answer.body, headers=headers))

    def _answered(self, scope: Scope, body: bytes, origin: RequestOrigin) -> Answer:
        http = HttpRequest(
            method=scope["method"],
            raw_path=scope["raw_path"],
            raw_query=scope["query_string"],
            headers=tuple(scope["headers"]),
        )
        digest = hashlib.sha256(body).hexdigest()
        authorization = self._exchange.authorize(http, self._service, body, digest, origin)
        if len(authorization.actions) != 1:
            raise UnmappedRequest(cause="the lake does one thing at a time")
        return self._done(http, authorization.actions[0], body, origin.request_id)

    def _done(self, http: HttpRequest, action: ServiceAction, body: bytes, request_id: str) -> Answer:
        headers = dict(http.headers)
        if b"aws-chunked" in headers.get(b"content-encoding", b""):
            raise UnmappedRequest(cause="the lake reads whole bodies, not aws-chunked ones")
        query = query_of(http.raw_query)
        operation = operation_for(http.method, action.name, query)
        bucket, _, key = action.resource.removeprefix(_ARN_PREFIX).partition("/")
        if bucket != self._bucket:
            return missing("NoSuchBucket", "The specified bucket does not exist", request_id)
        content_type = headers.get(b"content-type")
        request = LakeRequest(
            bucket=bucket,
            key=key,
            query=query,
            content_type=None if content_type is None else content_type.decode("latin-1"),
            body=body,
            now=self._clock.now(),
            request_id=request_id,
        )
        return operation(self._objects, request)


def _refusal(error: GatewayError, request_id: str, method: str) -> Answer:
    told = s3_faults.answer_of(error, request_id, method=method)
    headers = (("content-type", told.content_type), *told.headers)
    return Answer(
        status=told.status,
        body=told.body,
        headers=tuple((name.encode("ascii"), value.encode("latin-1")) for name, value in headers),
    )
