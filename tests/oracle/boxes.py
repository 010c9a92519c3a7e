"""Boxes of tensors: three half-open ranges of indices, ((c0, c1), (r0, r1), (w0, w1))."""
import itertools
import re

EMPTY = ((0, 0), (0, 0), (0, 0))


def parse(text):
    """The box that "c0:64 r0:56 w0:56" names."""
    found = re.fullmatch(r"c(\d+):(\d+) r(\d+):(\d+) w(\d+):(\d+)", text)
    if not found:
        raise ValueError(f"no box: {text!r}")
    n = [int(part) for part in found.groups()]
    return ((n[0], n[1]), (n[2], n[3]), (n[4], n[5]))


def whole(extents):
    """The box of a tensor with these (channels, rows, columns)."""
    return tuple((0, extent) for extent in extents)


def extents(box):
    return tuple(max(0, end - begin) for begin, end in box)


def volume(box):
    """Number of elements."""
    c, r, w = extents(box)
    return c * r * w


def union_volume(boxes):
    """Number of elements in any of the boxes, by cutting space at all their faces."""
    boxes = sorted({box for box in boxes if volume(box)})
    if len(boxes) < 2:
        return sum(volume(box) for box in boxes)
    cuts = [sorted({face for box in boxes for face in box[axis]}) for axis in range(3)]
    cells = [list(zip(cut, cut[1:])) for cut in cuts]
    return sum(volume(cell) for cell in itertools.product(*cells)
               if any(all(a[0] <= c[0] and c[1] <= a[1] for a, c in zip(box, cell)) for box in boxes))
