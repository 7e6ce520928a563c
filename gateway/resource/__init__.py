"""For resource servers that verify signed requests by themselves, in their own process.

Owns what a server imports: `Verifier`, `SigV4Middleware` (ASGI), `wsgi.SigV4Wsgi`, `require`, `Caller`, and the kinds
of service (`execute_api`, `json_service`, `s3`). Owns no keyring: each scope's key is given by the gateway to whoever
proves that it has received a request of that scope. Imports nothing of the server.
"""

from gateway.client.aws_credentials import AwsCredentials
from gateway.resource.caller import Caller, require
from gateway.resource.middleware import SigV4Middleware
from gateway.resource.services import execute_api, json_service, s3
from gateway.resource.verifier import Verifier

__all__ = ["AwsCredentials", "Caller", "SigV4Middleware", "Verifier", "execute_api", "json_service", "require", "s3"]
