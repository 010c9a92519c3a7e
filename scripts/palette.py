"""One look for every figure: a fixed colour and marker per strategy, fonts and sizes."""

import zlib

# Okabe and Ito (2008), then Paul Tol's muted scheme: told apart with any colour vision.
# The marker tells the rest where a figure is printed in grey.
STYLES = {
    "edgeflow-joint": ("#D55E00", "o"),
    "edgeflow": ("#E69F00", "s"),
    "single": ("#000000", "x"),
    "aofl": ("#0072B2", "^"),
    "cutpoint": ("#009E73", "D"),
    "coedge": ("#56B4E9", "v"),
    "heft": ("#CC79A7", "P"),
    "modnn": ("#882255", "<"),
    "modnn, gather": ("#BB5588", "1"),
    "deepthings": ("#332288", ">"),
    "deeperthings": ("#661100", "X"),
    "proportional": ("#999933", "p"),
    "even": ("#888888", "+"),
    "pipeline": ("#44AA99", "h"),
    "dads": ("#AA4499", "*"),
    "neurosurgeon": ("#117733", "d"),
}
SPARE = [("#6699CC", "H"), ("#AA4466", "8")]

RC = {
    "font.family": "DejaVu Sans",
    "font.size": 8,
    "axes.titlesize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.6,
    "axes.grid": True,
    "grid.color": "#e4e4e4",
    "grid.linewidth": 0.6,
    "lines.linewidth": 1.4,
    "lines.markersize": 4.5,
    "xtick.major.width": 0.6,
    "ytick.major.width": 0.6,
    "ytick.minor.width": 0.4,
    "legend.frameon": False,
    "pdf.fonttype": 42,  # text stays text, as journals ask
    "savefig.dpi": 200,
}


def style(strategy):
    """(colour, marker) of a strategy: always the same, also for one not listed above."""
    strategy = strategy.split(" ")[0] if strategy not in STYLES else strategy
    return STYLES.get(strategy) or SPARE[zlib.crc32(strategy.encode()) % len(SPARE)]


def on(colour):
    """Black or white, whichever is read better on a colour (relative luminance, WCAG 2)."""
    linear = [(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
              for c in (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if luminance > 0.179 else "#ffffff"


def order(strategies):
    """Strategies as the legend names them: those listed above first, in that order."""
    known = list(STYLES)
    return sorted(strategies, key=lambda s: (known.index(s) if s in STYLES else len(known), s))
