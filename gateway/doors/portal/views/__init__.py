"""What the pages look like: values in, HTML out, each text escaped by `web.markup` as it becomes HTML.

Owns no decision and asks nobody. A page's parts stand in `pieces`, what surrounds them in `frame`.
"""
