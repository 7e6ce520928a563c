"""What all tests share: how hypothesis looks for examples."""

import os

from hypothesis import HealthCheck, settings

# The same examples on every machine, so that a failure is the change's own; `make test-long` looks for new ones.
settings.register_profile("repeatable", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("searching", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("searching" if os.environ.get("STS_GATEWAY_LONG") else "repeatable")
