"""Probes for whoever runs the gateway: `/healthz` and `/readyz`."""
