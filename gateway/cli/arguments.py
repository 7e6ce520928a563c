"""Words of the command line that several commands read alike."""

import argparse


def port(text: str) -> int:
    """Raises ArgumentTypeError."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 5 and 0 < int(text) <= 65_535):
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)
