"""Draws the rooms of the package on their floors, as `pyproject.toml` states them and `lint-imports` keeps them."""

import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
_WIDTH = 960
_MARGIN = 24
_FLOOR = 62
_GAP = 10
_STYLE = """
.bg{fill:#f8fafc}.floor{fill:#fff;stroke:#d5dde7}.room{fill:#e8f1fb;stroke:#0a5cad}.key{fill:#0a5cad}
text{font:15px system-ui,-apple-system,'Segoe UI',sans-serif;fill:#17212e}
.in{font-weight:600}.white{fill:#fff}
@media (prefers-color-scheme:dark){.bg{fill:#0f141b}
.floor{fill:#171e28;stroke:#2b3543}.room{fill:#1b2c42;stroke:#82b8f5}
text{fill:#e7ecf3}.key{fill:#82b8f5}.white{fill:#0c1522}}
"""


def floors() -> list[list[str]]:
    """Rooms from the top floor down; those of one floor do not import each other, or may."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one["type"] == "layers")
    return [[room.strip() for room in layer.split("|")] for layer in layers]


def drawn() -> str:
    """The picture, as SVG."""
    rows = floors()
    height = 2 * _MARGIN + 34 + len(rows) * (_FLOOR + _GAP) - _GAP
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" aria-labelledby="t d">',
        '<title id="t">The rooms of sts-gateway on their floors</title>',
        f'<desc id="d">{escape("; ".join(", ".join(row) for row in rows))}. Imports point down only.</desc>',
        f"<style>{_STYLE.strip()}</style>",
        f'<rect class="bg" width="{_WIDTH}" height="{height}" rx="10"/>',
        f'<text class="in" x="{_MARGIN}" y="{_MARGIN + 14}">gateway/: imports point down only</text>',
    ]
    for number, row in enumerate(rows):
        parts += _floor(row, _MARGIN + 34 + number * (_FLOOR + _GAP))
    return "\n".join([*parts, "</svg>\n"])


def _floor(rooms: list[str], top: int) -> list[str]:
    width = _WIDTH - 2 * _MARGIN
    parts = [f'<rect class="floor" x="{_MARGIN}" y="{top}" width="{width}" height="{_FLOOR}" rx="8"/>']
    each = (width - _GAP) / len(rooms) - _GAP
    for number, room in enumerate(rooms):
        left = _MARGIN + _GAP + number * (each + _GAP)
        kind, ink = ("key", "in white") if room == "exchange" else ("room", "in")
        parts += [
            f'<rect class="{kind}" x="{left:.0f}" y="{top + 10}" width="{each:.0f}" height="{_FLOOR - 20}" rx="6"/>',
            f'<text class="{ink}" x="{left + each / 2:.0f}" y="{top + 36}" text-anchor="middle">{escape(room)}</text>',
        ]
    return parts
