# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draw the README's picture of a terminal from the lines in docs/images/run.txt.

python demo/picture.py
"""

from __future__ import annotations

import re
from html import escape
from pathlib import Path

IMAGES = Path(__file__).resolve().parents[1] / "docs" / "images"

_WIDTH, _LINE, _MARGIN, _BAR = 1000, 21, 22, 34
_COLORS = (
    (r"^\$ ", "#e6edf3"),
    (r"stopped before", "#ff7b72"),
    (r"would change|changed|being published", "#e3b341"),
    (r"Nothing to change|arrived", "#7ee787"),
)
_OTHER = "#9da7b3"


def drawing(lines: list[str]) -> str:
    """Return the picture of these lines as SVG; an indented line has the color of the line that it continues."""
    height = _BAR + _MARGIN + _LINE * len(lines) + 8
    parts = [
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" role="img" '
            'aria-label="A dry run over three environments, the run, a second run that changes nothing, a test lead">'
        ),
        f'<rect width="{_WIDTH}" height="{height}" rx="10" fill="#0d1117"/>',
        *(
            f'<circle cx="{_MARGIN + 18 * place}" cy="{_BAR // 2 + 2}" r="6" fill="{color}"/>'
            for place, color in enumerate(("#ff5f57", "#febc2e", "#28c840"))
        ),
        (
            '<g font-family="ui-monospace, SFMono-Regular, Menlo, Consolas, monospace" font-size="13.5" '
            'xml:space="preserve">'
        ),
    ]
    color = _OTHER
    for number, line in enumerate(lines):
        if not line.startswith(" "):
            color = next((color for pattern, color in _COLORS if re.search(pattern, line)), _OTHER)
        weight = ' font-weight="bold"' if line.startswith("$") else ""
        y = _BAR + _MARGIN + _LINE * number
        parts.append(f'<text x="{_MARGIN}" y="{y}" fill="{color}"{weight}>{escape(line)}</text>')
    return "\n".join([*parts, "</g>", "</svg>", ""])


if __name__ == "__main__":
    text = (IMAGES / "run.txt").read_text(encoding="utf-8")
    (IMAGES / "run.svg").write_text(drawing(text.splitlines()), encoding="utf-8")
