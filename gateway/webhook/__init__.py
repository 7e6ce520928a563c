"""The Kubernetes admission webhook. Nothing lives here yet."""
