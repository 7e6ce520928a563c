"""Who may assume what: mappings and trust policies compiled to statements of the policy engine, and an index over them.

Owns the catalog of roles. Knows no protocol and no token; judges an `Identity`. Entry point: `catalog.Catalog`.
"""
