"""SVG of a timeline, as text: the same picture gives the same bytes.

Decides colours and sizes only. Colours are named in a style sheet with a dark and a light form, each on its own
ground, so that it can be read in either. All foreign text is escaped; what XML cannot hold is told by its code.
Marks that would fall on the same place are drawn once, so that a long history does not make an endless file.
"""

from __future__ import annotations

from xml.sax.saxutils import escape

from fieldpost.plot.axis import Axis, axis_over
from fieldpost.plot.drawn import Bar, Drawn, Row
from fieldpost.timeline.evidence import Interval

WIDTH, GUTTER, MARGIN = 1200, 190, 24
TOP, FOOT = 58, 74
NAME_CHARS, NAME_CHARS_TITLE = 20, 120
ROWS_MAX = 400
TITLED_MAX = 3_000  # bars that tell their name when pointed at; the rest are drawn without

STYLE = """
.ground{fill:#fff}.row{fill:#f3f5f7}.quarantined{fill:#fbd9d3}.suspect{fill:#fdebc8}
text{font:12px system-ui,sans-serif;fill:#1f2933}.title{font-size:16px;font-weight:600}
.small{font-size:11px;fill:#52606d}.name{font-size:12px}.warn{fill:#a32212;font-weight:600}
.tie{fill:#7a4b00;font-weight:600}
.grid{stroke:#d5dbe1}.zero{stroke:#0b6e4f;stroke-width:2}.anchor{fill:#0b6e4f}
.resilient{fill:#7aa7d9;fill-opacity:.35}.strict{fill:#2266b3;fill-opacity:.75}.open{fill:#7aa7d9;fill-opacity:.35}
.point{fill:#0d2f57}.met{stroke:#8a5a00;stroke-opacity:.75}
@media (prefers-color-scheme:dark){
.ground{fill:#14181d}.row{fill:#1c222a}.quarantined{fill:#4d1d17}.suspect{fill:#453311}
text{fill:#e6eaee}.small{fill:#a9b4bf}.grid{stroke:#3a434d}.zero{stroke:#4cc38f}.anchor{fill:#4cc38f}
.resilient,.open{fill:#4a78ad;fill-opacity:.5}.strict{fill:#6cb0ff;fill-opacity:.8}.point{fill:#eaf3ff}.met{stroke:#e0a94a}
.warn{fill:#ff9c8c}.tie{fill:#ffcf7d}}
""".strip()


WORDS = {"ns": "ns", "µs": "µs", "ms": "ms", "s": "seconds", "min": "minutes", "h": "hours", "d": "days"}


def plain(text: str, most: int) -> str:
    """Foreign text for XML: shortened, nothing unprintable, no markup."""
    shown = "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
    return escape(shown if len(shown) <= most else shown[: most - 1] + "…", {'"': "&quot;"})


def svg_text(picture: Drawn) -> str:
    """The whole document."""
    rows = picture.rows[:ROWS_MAX]
    height = 34 if len(rows) <= 12 else 24 if len(rows) <= 30 else 17
    bottom = TOP + height * len(rows)
    axis = axis_over(times_of(rows), GUTTER, WIDTH - MARGIN)
    told = escape(summary(picture))
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + FOOT}" width="{WIDTH}" '
        f'height="{bottom + FOOT}" role="img" aria-labelledby="title desc">',
        f'<title id="title">{plain(picture.title, NAME_CHARS_TITLE)}</title>',
        f'<desc id="desc">{told}</desc>',
        f"<style>{STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{bottom + FOOT}"/>',
        f'<text class="title" x="{MARGIN}" y="26">{plain(picture.title, NAME_CHARS_TITLE)}</text>',
        f'<text class="small" x="{MARGIN}" y="44">{told}</text>',
        *grounds(rows, height),
        *scale(axis, bottom, picture.anchor),
    ]
    drawn: set[tuple] = set()
    for place, row in enumerate(rows):
        lines += row_marks(row, TOP + place * height, height, axis, drawn)
    lines += [*legend(bottom), "</svg>"]
    return "\n".join(lines) + "\n"


def summary(picture: Drawn) -> str:
    """What the picture says, for those who do not see it. Names are made plain here already."""
    bars = [bar for row in picture.rows for bar in row.bars]
    words = [f"{len(picture.rows)} devices, {len(bars)} observations"]
    open_sides = sum(bar.status == "one-sided" for bar in bars)
    unplaced = sum(bar.status in ("unplaced", "quarantined") for bar in bars)
    words += [f"{open_sides} bounded on one side"] if open_sides else []
    words += [f"{unplaced} without a place"] if unplaced else []
    for standing, said in (("quarantined", "quarantined"), ("suspect", "suspects, of whom some lie")):
        named = [row.name for row in picture.rows if row.standing == standing]
        shown = ", ".join(
            "".join(c if c.isprintable() else "?" for c in name[:NAME_CHARS]) for name in named[:5]
        )
        words += (
            [f"{said}: {shown}{f' and {len(named) - 5} more' if len(named) > 5 else ''}"] if named else []
        )
    words += [f"the first {ROWS_MAX} devices are drawn"] if len(picture.rows) > ROWS_MAX else []
    return "; ".join(words)


def times_of(rows: tuple[Row, ...]) -> list[int]:
    """All ends and meetings that the axis must hold."""
    ends = [
        end for row in rows for bar in row.bars for end in (*bar.strict, *bar.resilient) if end is not None
    ]
    return ends + [at for row in rows for at in row.met_ns[:1] + row.met_ns[-1:]]


def grounds(rows: tuple[Row, ...], height: int) -> list[str]:
    """Every other row shaded; suspects and the quarantined in their colour."""
    lines = []
    for place, row in enumerate(rows):
        kind = row.standing if row.standing != "honest" else "row" if place % 2 else ""
        if kind:
            lines.append(
                f'<rect class="{kind}" y="{TOP + place * height}" width="{WIDTH}" height="{height}"/>'
            )
    return lines


def scale(axis: Axis, bottom: int, anchor: str) -> list[str]:
    """Grid, numbers, the unit, and the zero."""
    unit, _, _ = axis.unit_and_step()
    lines = []
    for at, number in axis.marks():
        x = axis.x(at)
        lines.append(f'<path class="grid" d="M{x} {TOP}V{bottom + 5}"/>')
        lines.append(f'<text class="small" x="{x}" y="{bottom + 18}" text-anchor="middle">{number}</text>')
    zero, middle = axis.x(0), (axis.left + axis.right) / 2
    words = f"{WORDS[unit]} since the anchor ({plain(anchor, 60)})"
    lines.append(f'<path class="zero" d="M{zero} {TOP}V{bottom}"/>')
    lines.append(f'<text x="{middle}" y="{bottom + 36}" text-anchor="middle">{words}</text>')
    return lines


def row_marks(row: Row, top: int, height: int, axis: Axis, drawn: set[tuple]) -> list[str]:
    """A device's name, exchanges, bars and points."""
    middle = top + height / 2
    kind = {"quarantined": "name warn", "suspect": "name tie"}.get(row.standing, "name")
    name = f'<text class="{kind}" x="{GUTTER - 14}" y="{middle + 4}" text-anchor="end">{plain(row.name, NAME_CHARS)}'
    lines = [f"{name}<title>{plain(row.name, 300)}</title></text>"]
    if row.is_anchor:
        lines.append(f'<path class="anchor" d="M{GUTTER - 10} {middle - 5}l8 5l-8 5z"/>')
    ticks = sorted({axis.x(at) for at in row.met_ns})
    if ticks:
        low = round(top + height * 0.72, 1)
        lines.append(f'<path class="met" d="{"".join(f"M{x} {low}V{top + height - 1}" for x in ticks)}"/>')
    titled = len(drawn) <= TITLED_MAX
    for kind, high, share in (("resilient", 0.1, 0.56), ("strict", 0.2, 0.36)):
        for bar in row.bars:
            span = on_page(getattr(bar, kind), axis)
            if span is not None and (kind, top, span) not in drawn:
                drawn.add((kind, top, span))
                box = (span[0], round(top + height * high, 1), span[1], round(height * share, 1))
                lines.append(bar_mark(bar, kind, box, titled))
    for x in sorted({axis.x(bar.point_ns) for bar in row.bars if bar.point_ns is not None}):
        y, radius = round(top + height * 0.38, 1), 3 if height > 20 else 2.2
        lines.append(f'<circle class="point" cx="{x}" cy="{y}" r="{radius}"/>')
    nowhere = sum(bar.status in ("unplaced", "quarantined") for bar in row.bars)
    if nowhere:
        words = f"{nowhere} {'quarantined' if row.standing == 'quarantined' else 'without a place'}"
        lines.append(
            f'<text class="small" x="{WIDTH - MARGIN}" y="{middle + 4}" text-anchor="end">{words}</text>'
        )
    return lines


def bar_mark(bar: Bar, kind: str, box: tuple[float, float, float, float], titled: bool) -> str:
    """One interval: pale where it is resilient, or where a side of it is open and it reaches the edge."""
    title = f"<title>{plain(bar.name, 300)}: {kind}</title>" if titled else ""
    shape = "open" if None in getattr(bar, kind) else kind
    x, y, width, height = box
    return f'<rect class="{shape}" x="{x}" y="{y}" width="{width}" height="{height}">{title}</rect>'


def on_page(interval: Interval, axis: Axis) -> tuple[float, float] | None:
    """(left, width) of an interval, at least two pixels wide; None where it has no side."""
    lo, hi = interval
    if lo is None and hi is None:
        return None
    left = axis.left if lo is None else axis.x(lo)
    right = axis.right if hi is None else axis.x(hi)
    if right - left < 2:
        left, right = (left + right) / 2 - 1, (left + right) / 2 + 1
    return round(left, 1), round(right - left, 1)


def legend(bottom: int) -> list[str]:
    """What each mark means."""
    y = bottom + 56
    marks = (
        (22, '<rect class="strict" x="{x}" y="{t}" width="22" height="9"/>', "strict interval"),
        (
            22,
            '<rect class="resilient" x="{x}" y="{t}" width="22" height="9"/>',
            "resilient, or open to one side",
        ),
        (6, '<circle class="point" cx="{c}" cy="{m}" r="3"/>', "middle of strict"),
        (6, '<path class="met" d="M{c} {t}v9"/>', "exchange"),
        (6, '<path class="zero" d="M{c} {t}v9"/>', "anchor, the zero"),
        (22, '<rect class="suspect" x="{x}" y="{t}" width="22" height="9"/>', "suspect: one of several"),
        (22, '<rect class="quarantined" x="{x}" y="{t}" width="22" height="9"/>', "quarantined"),
    )
    lines, x = [], GUTTER
    for width, mark, words in marks:
        lines.append(mark.format(x=x, c=x + 3, t=y - 9, m=y - 4))
        lines.append(f'<text class="small" x="{x + width + 6}" y="{y}">{words}</text>')
        x += width + 24 + round(6.2 * len(words))
    return lines
