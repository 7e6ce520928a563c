"""The process beside a workload that keeps its credentials fresh: a container-credentials endpoint, and IMDSv2.

Owns a small bounded HTTP server, who may ask it, and the forms in which AWS's SDKs want credentials. Knows the gateway
only through `gateway.client`; standard library only, because it runs once in every pod. Entry point: `serve.serve`.
"""
