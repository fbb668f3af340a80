# Copyright (c) 2026, marketplace_leads.dynamics365 contributors
# GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Draws the figures: how long each way takes to verify that 100 environments need no change, and the targets."""

from __future__ import annotations

from typing import Any
from xml.sax.saxutils import escape

_WIDTH = 900
_LEFT = 250
_BAR = 26
_ROW = 42
_COLORS = {"role": "#0b6e4f", "other": "#8a9ba8"}
_FONT = 'font-family="system-ui, sans-serif"'


def chart(figures: dict[str, Any]) -> str:
    """Return an SVG of `figures`, as stored in results.json."""
    parts: list[str] = []
    top = 40
    if "converged_vs_plain_program" in figures:
        top = _bars(parts, figures, top)
    top = _lines(parts, figures, top + 10)
    body = "\n".join(parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{_WIDTH}" height="{top}" viewBox="0 0 {_WIDTH} {top}">\n'
        f'<rect width="{_WIDTH}" height="{top}" fill="white"/>\n{body}\n</svg>\n'
    )


def _bars(parts: list[str], figures: dict[str, Any], top: int) -> int:
    """Draw the seconds of the four ways to verify that nothing needs to change."""
    plain = figures["converged_vs_plain_program"]
    usual, uri = figures["converged_vs_usual_way"], figures["converged_vs_uri_playbook"]
    ways = [
        ("a plain program, no Ansible", "other", plain["measured"]["plain_program"]["seconds"], ""),
        ("this role", "role", plain["measured"]["role"]["seconds"], f"{plain['value']:.1f} x the plain program"),
        (
            "a playbook of uri tasks",
            "other",
            uri["measured"]["other"]["seconds"],
            f"the role is {uri['value']:.1f} x as fast",
        ),
        (
            "this role the usual way",
            "other",
            usual["measured"]["other"]["seconds"],
            f"the role is {usual['value']:.1f} x as fast",
        ),
    ]
    _text(parts, 20, top, f"A run with nothing to change in {plain['how']['environments']} environments", 18, "bold")
    scale = (_WIDTH - _LEFT - 260) / max(seconds for _name, _kind, seconds, _remark in ways)
    for name, kind, seconds, remark in ways:
        top += _ROW
        length = max(2.0, seconds * scale)
        _text(parts, 20, top, name, 14, "bold" if kind == "role" else "normal")
        parts.append(
            f'<rect x="{_LEFT}" y="{top - 19}" width="{length:.1f}" height="{_BAR}" fill="{_COLORS[kind]}" rx="2"/>'
        )
        _text(parts, round(_LEFT + length + 8), top, f"{seconds:.1f} s" + (f" ({remark})" if remark else ""), 13)
    return top + _ROW


def _lines(parts: list[str], figures: dict[str, Any], top: int) -> int:
    """List every figure with its target."""
    _text(parts, 20, top, "Every figure and its target", 18, "bold")
    for figure in figures.values():
        top += 26
        unit = " x" if isinstance(figure["value"], float) else ""
        _text(parts, 20, top, figure["title"], 13)
        _text(parts, 560, top, f"{figure['value']:g}{unit}", 13, "bold")
        verdict = "reached" if figure["met"] else "not reached"
        _text(parts, 640, top, f"target: {figure['target_is']} {figure['target']:g}{unit}, {verdict}", 13)
    return top + 24


def _text(parts: list[str], x: int, y: int, text: str, size: int, weight: str = "normal") -> None:
    parts.append(
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" fill="#1c2833" {_FONT}>{escape(text)}</text>'
    )
