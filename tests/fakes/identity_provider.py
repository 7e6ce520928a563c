"""An OpenID Connect issuer on loopback: real keys, real signatures, real HTTP, and bad behaviour on command."""

import base64
import datetime as dt
import functools
import ipaddress
import json
import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

from gateway.domain.identity import UnverifiedToken

PrivateKey = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
ABSENT: Any = object()
"""A claim or header member with this value is left out."""

_CURVES = {"P-256": ec.SECP256R1(), "P-384": ec.SECP384R1(), "P-521": ec.SECP521R1()}
_CURVE_OF = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
_HASHES: dict[str, hashes.HashAlgorithm] = {"256": hashes.SHA256(), "384": hashes.SHA384(), "512": hashes.SHA512()}


@functools.cache
def private_key(kind: str, label: str = "") -> PrivateKey:
    """A key of `RSA`, `RSA1024`, `P-256`, `P-384`, `P-521` or `Ed25519`; one for each label, made once a run."""
    if kind.startswith("RSA"):
        return rsa.generate_private_key(public_exponent=65_537, key_size=int(kind[3:] or "2048"))
    if kind in _CURVES:
        return ec.generate_private_key(_CURVES[kind])
    return ed25519.Ed25519PrivateKey.generate()


def kind_for(algorithm: str) -> str:
    """The kind of key that an algorithm needs."""
    return _CURVE_OF.get(algorithm, "RSA" if algorithm[:2] in {"RS", "PS"} else "Ed25519")


def encode(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode("ascii")


def _number(value: int, length: int | None = None) -> str:
    return encode(value.to_bytes(length or (value.bit_length() + 7) // 8, "big"))


def public_jwk(key: PrivateKey, **members: Any) -> dict[str, Any]:
    """The public JWK of a key, with `members` added or changed."""
    public = key.public_key()
    if isinstance(public, rsa.RSAPublicKey):
        numbers = public.public_numbers()
        jwk = {"kty": "RSA", "n": _number(numbers.n), "e": _number(numbers.e)}
    elif isinstance(public, ec.EllipticCurvePublicKey):
        point, size = public.public_numbers(), (public.key_size + 7) // 8
        curve = next(name for name, known in _CURVES.items() if known.name == point.curve.name)
        jwk = {"kty": "EC", "crv": curve, "x": _number(point.x, size), "y": _number(point.y, size)}
    else:
        jwk = {"kty": "OKP", "crv": "Ed25519", "x": encode(public.public_bytes_raw())}
    return {name: value for name, value in (jwk | members).items() if value is not ABSENT}


def signature(key: PrivateKey, algorithm: str, signed: bytes) -> bytes:
    """A JWS signature (RFC 7518 section 3) by `key`, whatever the algorithm's curve should be."""
    if isinstance(key, ed25519.Ed25519PrivateKey):
        return key.sign(signed)
    digest = _HASHES[algorithm[2:]]
    if isinstance(key, ec.EllipticCurvePrivateKey):
        r, s = decode_dss_signature(key.sign(signed, ec.ECDSA(digest)))
        size = (key.key_size + 7) // 8
        return r.to_bytes(size, "big") + s.to_bytes(size, "big")
    if algorithm.startswith("PS"):
        return key.sign(signed, padding.PSS(padding.MGF1(digest), digest.digest_size), digest)
    return key.sign(signed, padding.PKCS1v15(), digest)


def sign(header: Mapping[str, Any] | bytes, payload: Mapping[str, Any] | bytes, key: PrivateKey, algorithm: str) -> str:
    """A compact JWS over exactly these bytes; mappings are written as JSON."""
    segments = [encode(part if isinstance(part, bytes) else json.dumps(part).encode()) for part in (header, payload)]
    signed = ".".join(segments).encode("ascii")
    return f"{signed.decode('ascii')}.{encode(signature(key, algorithm, signed))}"


@dataclass
class Answer:
    """What the server answers at a path: `delay` in seconds before it, `drip` seconds between the body's bytes."""

    status: int = 200
    body: bytes = b""
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": "application/json"})
    delay: float = 0
    drip: float = 0


def failing(status: int = 500) -> Answer:
    return Answer(status=status, body=b'{"error": "server_error"}')


def html() -> Answer:
    return Answer(body=b"<!doctype html><title>Sign in</title>", headers={"Content-Type": "text/html"})


def huge(size: int = 10_000_000) -> Answer:
    return Answer(body=b'{"keys": [' + b" " * size + b"]}")


def redirecting(location: str) -> Answer:
    return Answer(status=302, headers={"Location": location})


def slow(seconds: float) -> Answer:
    return Answer(body=b'{"keys": []}', delay=seconds)


def dripping(seconds: float) -> Answer:
    return Answer(body=b'{"keys": [' + b" " * 1_000 + b"]}", drip=seconds)


@dataclass(frozen=True)
class Seen:
    """A request as it arrived; header names in lower case."""

    path: str
    headers: Mapping[str, str]
    body: bytes = b""


class IdentityProvider:
    """An issuer with one RS256 key `rs-1` at first. `at` makes a path answer something else: the provider's weather."""

    CONFIGURATION = "/.well-known/openid-configuration"
    KEYS = "/jwks"

    def __init__(self, *, audience: str = "sts.amazonaws.com", label: str = "") -> None:
        self.audience = audience
        self.label = label
        self.keys: dict[str, tuple[str, PrivateKey]] = {}
        self.jwks: Callable[[], list[Any]] = self.public_keys
        self.configuration: dict[str, Any] = {}
        self.keys_headers: dict[str, str] = {}
        self.at: dict[str, Answer] = {}
        self.requests: list[Seen] = []
        self.issuer = ""
        self.now: Callable[[], float] = time.time
        self._unblocked = threading.Event()
        self.rotate("rs-1")

    def rotate(self, key_id: str, algorithm: str = "RS256", *, keep: bool = False) -> None:
        """Sign with a new key from now on; the older ones leave the key set unless kept."""
        if not keep:
            self.keys.clear()
        self.keys[key_id] = (algorithm, private_key(kind_for(algorithm), f"{self.label}{key_id}"))

    def public_keys(self) -> list[Any]:
        return [public_jwk(key, kid=key_id, alg=algorithm, use="sig") for key_id, (algorithm, key) in self.keys.items()]

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Honest claims of an hour, changed as said; ABSENT leaves one out."""
        now = int(self.now())
        honest = {"iss": self.issuer, "aud": self.audience, "sub": "alice", "iat": now, "exp": now + 3_600}
        return {name: value for name, value in (honest | changes).items() if value is not ABSENT}

    def token(
        self,
        claims: Mapping[str, Any] | bytes | None = None,
        *,
        key_id: str | None = None,
        algorithm: str | None = None,
        header: Mapping[str, Any] | bytes | None = None,
        key: PrivateKey | None = None,
    ) -> UnverifiedToken:
        """A signed token: honest claims, the newest key and an honest header, but for what is given.

        `header` members are merged into the honest ones (ABSENT leaves one out); bytes stand as they are.
        """
        signing_id = key_id if key_id in self.keys else list(self.keys)[-1]
        known_algorithm, known_key = self.keys[signing_id]
        algorithm = algorithm or known_algorithm
        if not isinstance(header, bytes):
            honest = {"alg": algorithm, "kid": key_id or signing_id, "typ": "JWT"}
            header = {name: value for name, value in (honest | dict(header or {})).items() if value is not ABSENT}
        payload = self.claims() if claims is None else claims
        return UnverifiedToken(sign(header, payload, key or known_key, algorithm))

    def seen(self, path: str) -> int:
        """How many requests a path has had."""
        return sum(request.path == path for request in self.requests)

    @contextmanager
    def running(self, *, certificate: tuple[Path, Path] | None = None) -> Iterator["IdentityProvider"]:
        """Serve on a free port of 127.0.0.1, as https where `certificate` (PEM chain, PEM key) is given."""
        provider = self

        class Handler(_Handler):
            def do_GET(self) -> None:
                provider._answer(self)

            def do_POST(self) -> None:
                provider._answer(self)

        server = _Server(("127.0.0.1", 0), Handler)
        scheme, host = "http", "127.0.0.1"
        if certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            server.socket = context.wrap_socket(server.socket, server_side=True)
            scheme, host = "https", "localhost"
        self.issuer = f"{scheme}://{host}:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield self
        finally:
            self._unblocked.set()
            server.shutdown()
            thread.join()
            server.server_close()

    def _answer(self, handler: "BaseHTTPRequestHandler") -> None:
        headers = {name.lower(): value for name, value in handler.headers.items()}
        seen = Seen(handler.path, headers, handler.rfile.read(int(headers.get("content-length", 0))))
        self.requests.append(seen)
        answer = self.at.get(handler.path) or self._honest(handler.path)
        if answer.delay:
            self._unblocked.wait(answer.delay)
        handler.send_response(answer.status)
        for name, value in (answer.headers | {"Content-Length": str(len(answer.body))}).items():
            handler.send_header(name, value)
        handler.end_headers()
        if not answer.drip:
            handler.wfile.write(answer.body)
            return
        for byte in answer.body:
            if self._unblocked.wait(answer.drip):
                return
            handler.wfile.write(bytes((byte,)))
            handler.wfile.flush()

    def _honest(self, path: str) -> Answer:
        if path == self.CONFIGURATION:
            document = {"issuer": self.issuer, "jwks_uri": self.issuer + self.KEYS} | self.configuration
            return Answer(body=json.dumps(document).encode())
        if path == self.KEYS:
            answer = Answer(body=json.dumps({"keys": self.jwks()}).encode())
            answer.headers |= self.keys_headers
            return answer
        return Answer(status=404)


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hung up early is what several tests are about."""


class _Handler(BaseHTTPRequestHandler):
    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  the base class's name
        """Tests look at `requests` instead."""


def loopback_certificate(folder: Path) -> tuple[Path, Path]:
    """A self-signed certificate for localhost and 127.0.0.1, and its key, as PEM files; the first is its own CA."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = dt.datetime.now(dt.UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - dt.timedelta(days=1))
        .not_valid_after(now + dt.timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]),
            critical=False,
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    chain, private = folder / "tls.crt", folder / "tls.key"
    chain.write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return chain, private
