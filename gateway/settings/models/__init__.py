"""The sections of the configuration file as pydantic models, one file a section.

They own which keys there are, what each may hold and its description, which the JSON Schema and the reference
documentation show. They know no file and no line, and nothing of the other sections.
"""
