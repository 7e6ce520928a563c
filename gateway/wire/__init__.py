"""Formats on the wire: parse and render, and one table a dialect that turns faults into its codes and statuses.

Owns texts and bytes only; looks nothing up and decides nothing. Entry points, for STS: `sts_query.read` and
`operation_of`, the actions' readers beside them, `sts_answers` rendered by `sts_xml` or `sts_json`, `sts_faults`;
for S3: `s3_faults`.
"""
