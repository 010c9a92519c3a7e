"""One look for every figure: a fixed colour and marker per strategy, fonts and sizes."""

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
# Of strategies that are not listed, and of the same one with other options.
SPARE = [("#6699CC", "H"), ("#AA4466", "8"), ("#997700", "2"), ("#004488", "3"), ("#EE99AA", "4"), ("#225522", "|")]

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
    "svg.fonttype": "none",
    "svg.hashsalt": "edgeflow",  # the same bytes for the same figure
    "text.parse_math": False,  # users' names may hold $
    "axes.axisbelow": True,
    "figure.labelsize": 9,
    "figure.titlesize": 9.5,
    "savefig.dpi": 200,
}
# For a page of print: what differs.
PAPER = {"font.size": 7, "axes.titlesize": 7.5, "figure.labelsize": 7.5, "figure.titlesize": 8, "lines.linewidth": 1.1,
         "lines.markersize": 3.5, "savefig.dpi": 300}


def style(strategy):
    """(colour, marker) of a strategy that is listed above."""
    return STYLES[strategy]


def looks(strategies):
    """(colour, marker) by label, all different, of a dict from labels to names of strategies: that of the strategy for
    the label that is its name, or else its first one; then spare ones, then those of strategies that are absent."""
    given = {}
    for label in sorted(strategies, key=lambda label: label != strategies[label]):
        name = label if label in STYLES else strategies[label]
        if name in STYLES and STYLES[name] not in given.values():
            given[label] = STYLES[name]
    spare = [look for look in SPARE + list(STYLES.values())[::-1] if look not in given.values()]
    every = list(STYLES.values()) + SPARE
    for shift in range(1, len(every)):  # colours again, with other markers
        spare += [(every[i][0], every[(i + shift) % len(every)][1]) for i in range(len(every))]
    for label in strategies:
        if label not in given:
            given[label] = spare.pop(0)
    return given


def on(colour):
    """Black or white, whichever is read better on a colour (relative luminance, WCAG 2)."""
    linear = [(c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4)
              for c in (int(colour[i:i + 2], 16) / 255 for i in (1, 3, 5))]
    luminance = 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    return "#000000" if luminance > 0.179 else "#ffffff"


def order(labels, strategies=None):
    """Labels as the legend names them: those of strategies listed above first, in that order; `strategies` has the
    names of those that are no names themselves."""
    known = list(STYLES)

    def place(label):
        name = label if label in STYLES else (strategies or {}).get(label, label)
        return known.index(name) if name in STYLES else len(known)
    return sorted(labels, key=lambda label: (place(label), label not in STYLES, label))
