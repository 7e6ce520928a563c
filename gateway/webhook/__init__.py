"""The Kubernetes admission webhook: pods of annotated service accounts get what they need to take a role's credentials.

Owns the meaning of the annotations, the patches, and a small HTTPS server. Runs beside the API server, and knows
nothing of the gateway but its address. Entry points: `admission.answered` (one review, pure but for the look-up of the
service account), `serve.serve`.
"""
