"""Configuration: YAML as pydantic models, every fault told at once, converted once into domain objects.

Owns the file format (`models`), the way of each mistake to its file, line and mend, and what `check` warns of. Starts
nothing and reaches no network; what a policy, a provider's token or a keyring means is other rooms' business.
Entry point: `load.load`.
"""
