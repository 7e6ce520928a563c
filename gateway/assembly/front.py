"""What a server's listeners hand their requests to: all doors behind one edge, and the straight ways past its calls."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass

from gateway.assembly.routing import ByListener, Router
from gateway.domain.errors import InternalFault
from gateway.doors.authenticate import door as authenticate
from gateway.doors.authz.check import PREFIX
from gateway.doors.authz.door import AuthzDoor
from gateway.doors.authz.hosts import Hosts
from gateway.doors.identity_center import door as identity_center
from gateway.doors.issuer import documents
from gateway.doors.operations import metrics, probes
from gateway.doors.portal import door as portal
from gateway.doors.sts.dialects import XML_DIALECT, fault_answer
from gateway.doors.sts.door import StsDoor
from gateway.exchange.exchange import Exchange
from gateway.settings.configuration import GatewaySettings
from gateway.telemetry.meters import Meters
from gateway.telemetry.tracing import Tracing
from gateway.web.asgi import Application
from gateway.web.at_once import AtOnce, Below
from gateway.web.cookies import SignedCookies
from gateway.web.edge import AccessLog, Edge
from gateway.web.origin import OriginReader
from gateway.web.responses import Answer
from gateway.web.traced import Traced


@dataclass(frozen=True, slots=True, kw_only=True)
class InForce:
    """What the doors ask at each request, since a reload puts another in its place."""

    exchange: Callable[[], Exchange]
    hosts: Callable[[], Hosts]
    unready: Callable[[], Awaitable[Sequence[str]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Front:
    """`app` answers everything; the others what they can at once, and are None where every request goes to `app`.

    `at_once`: POST of `/`; `below` and `below_internal`: requests without a body, by listener.
    """

    app: Application
    at_once: AtOnce | None
    below: Below | None
    below_internal: Below | None


def front_of(
    settings: GatewaySettings,
    in_force: InForce,
    *,
    cookies: SignedCookies,
    meters: Meters,
    access_log: AccessLog | None,
    tracing: Tracing | None,
    more_doors: Mapping[str, Application] | None,
) -> Front:
    """Everything that is answered. `more_doors`: path to application, beside the gateway's own."""
    sts = StsDoor(in_force.exchange)
    authz = AuthzDoor(in_force.exchange, in_force.hosts, OriginReader(settings.trusted_proxies))
    public: dict[str, Application] = {
        "/": sts,
        **_doors(settings.public_url, in_force.exchange, cookies),
        **(more_doors or {}),
    }
    operations: dict[str, Application] = {**metrics.routes(meters.text), "/authz/*": authz}
    is_apart = settings.internal_listen is not None
    app = _by_listener(public, operations, probes.routes(in_force.unready), is_apart=is_apart)
    edge = Edge(
        app if tracing is None else Traced(app, tracing),
        render_fault=_rendered,
        trusted_proxies=settings.trusted_proxies,
        public_url=settings.public_url,
        access_log=access_log,
        meter=meters.http,
        at_once=sts.at_once if tracing is None else None,
    )
    if tracing is not None:  # a span needs its request's whole way
        return Front(app=edge, at_once=None, below=None, below_internal=None)
    checks = {} if is_apart else {PREFIX: authz.at_once}
    return Front(
        app=edge,
        at_once=edge.at_once,
        below=edge.below({**checks, **portal.AT_ONCE}),
        below_internal=edge.below({PREFIX: authz.at_once_internally}),
    )


def _doors(public_url: str, exchange: Callable[[], Exchange], cookies: SignedCookies) -> dict[str, Application]:
    return {
        **authenticate.routes(exchange),
        **documents.routes(public_url, exchange),
        **identity_center.routes(public_url, exchange),
        **portal.routes(public_url, exchange, cookies),
    }


def _by_listener(
    public: Mapping[str, Application],
    operations: Mapping[str, Application],
    probing: Mapping[str, Application],
    *,
    is_apart: bool,
) -> Application:
    """Probes everywhere; `operations` on the internal listener where there is one, else on the public one."""
    if not is_apart:
        return Router({**public, **probing, **operations})
    return ByListener(public=Router({**public, **probing}), internal=Router({**probing, **operations}))


def _rendered(fault: InternalFault, request_id: str) -> Answer:
    return fault_answer(XML_DIALECT, fault, request_id)
