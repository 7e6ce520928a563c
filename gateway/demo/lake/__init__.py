"""A resource server: a bucket in memory behind S3's REST interface, every request decided by the gateway's exchange.

What is done is what was judged: the object comes from the resource of the decision, never from a second reading of
the path. Entry point: `app.lake_app`.
"""
