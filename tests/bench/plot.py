# SPDX-License-Identifier: Apache-2.0
"""Bars as SVG, written by hand: one group for each row, each with its own scale from zero."""

import html

COLOURS = ["#9aa0a6", "#0b7285", "#e8590c", "#5f3dc4", "#2b8a3e", "#a61e4d"]
LEFT, WIDTH, BAR, GAP, LABEL = 130, 520, 16, 26, 110


def text(x, y, content, **attributes):
    extra = "".join(f' {k.replace("_", "-")}="{v}"' for k, v in attributes.items())
    return f'<text x="{x:.0f}" y="{y:.0f}"{extra}>{html.escape(content)}</text>'


def svg(rows, columns):
    """rows: {title: {column: (value, label)}}; every bar is as long as its part of the longest."""
    colour = {c: COLOURS[i % len(COLOURS)] for i, c in enumerate(columns)}
    parts, y = [], 10
    for title, values in rows.items():
        y += GAP
        parts.append(text(10, y, title, font_weight="bold"))
        longest = max(value for value, _ in values.values()) or 1
        for column in columns:
            if column not in values:
                continue
            value, label = values[column]
            length = WIDTH * value / longest
            y += BAR + 4
            parts.append(text(LEFT - 8, y, column, text_anchor="end"))
            parts.append(f'<rect x="{LEFT}" y="{y - BAR + 4:.0f}" width="{max(length, 1):.1f}" '
                         f'height="{BAR - 2}" fill="{colour[column]}"/>')
            parts.append(text(LEFT + length + 6, y, label))
    width, height = LEFT + WIDTH + LABEL, y + GAP
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height:.0f}" '
        f'viewBox="0 0 {width} {height:.0f}" font-family="sans-serif" font-size="12">',
        f'<rect width="{width}" height="{height:.0f}" fill="#ffffff"/>',
        *parts, "</svg>", ""])
