"""The IAM policy language, pure: documents, patterns, conditions, variables, evaluation, and why.

Owns the grammar and the one engine that every decision goes through; a policy is compiled when it is read, and nothing
is parsed when it is asked. Knows nothing of roles, tokens or HTTP; does no I/O. Entry points: `document.parse_policy`,
`evaluate.evaluate`, `evaluate.evaluate_on_resource`, `evaluate.evaluate_assumption`.
"""
