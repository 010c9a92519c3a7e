"""How the dimensions of a tensor lie in its box, so that operators that move dimensions can be followed.

A tensor's elements are numbered by digits ("atoms") of mixed radix; each dimension, and each axis of the
box, is a run of them. [3, 85, 80, 80] in the box (255, 80, 80) has the atoms 3, 85, 80, 80, and its axes
are the atoms 0 and 1, 2, and 3. Boxes outlast what only renames dimensions (workloads/tensors/tensor.hpp).
"""
import math


class Layout:
    def __init__(self, atoms, dim_atoms, axis_atoms):
        self.atoms, self.dim_atoms, self.axis_atoms = list(atoms), dim_atoms, axis_atoms  # lists of numbers of atoms

    @property
    def dims(self):
        return tuple(math.prod(self.atoms[a] for a in dim) for dim in self.dim_atoms)

    @property
    def extents(self):
        return tuple(math.prod(self.atoms[a] for a in axis) for axis in self.axis_atoms)

    def axis_of(self, dim):
        """(the axis that the dimension lies along, whether alone); (None, False) if along several."""
        for axis, atoms in enumerate(self.axis_atoms):
            if self.dim_atoms[dim] == atoms:
                return axis, True
            if set(self.dim_atoms[dim]) <= set(atoms):
                return axis, False
        return None, False


def default(dims):
    """[F] is (F, 1, 1), [T, F] is (F, T, 1), [..., H, W] is (the rest, H, W)."""
    each = [[i] for i in range(len(dims))]
    if len(dims) == 1:
        axes = [[0], [], []]
    elif len(dims) == 2:
        axes = [[1], [0], []]
    else:
        axes = [list(range(len(dims) - 2)), [len(dims) - 2], [len(dims) - 1]]
    return Layout(dims, each, axes)


def transposed(layout, order):
    """Dimensions in another order; each stays on its axis, along which those that share it are reordered."""
    dim_atoms = [layout.dim_atoms[i] for i in order]
    place = {a: i for i, a in enumerate(a for dim in dim_atoms for a in dim)}
    return Layout(layout.atoms, dim_atoms, [sorted(axis, key=place.get) for axis in layout.axis_atoms])


def resized(layout, dim, size):
    """As it is, but for the size of a dimension; in the default box if that lies along several axes."""
    if layout.axis_of(dim)[0] is None:
        dims = layout.dims
        return default((*dims[:dim], size, *dims[dim + 1:]))
    atoms = list(layout.atoms)
    for i, a in enumerate(layout.dim_atoms[dim]):
        atoms[a] = 1 if i else size
    return Layout(atoms, layout.dim_atoms, layout.axis_atoms)


def reshaped(layout, dims):
    """The same box with other dims; None if their borders do not fit."""
    def borders(sizes):
        return [math.prod(sizes[i:]) for i in range(len(sizes) + 1)]

    def between(high, low):
        return [i for i in range(len(atoms)) if cuts[i] <= high and cuts[i + 1] >= low]
    order = [a for dim in layout.dim_atoms for a in dim]
    old, new = borders([layout.atoms[a] for a in order]), borders(list(dims))
    cuts = sorted(set(old) | set(new), reverse=True)
    if old[0] != new[0] or any(a % b for a, b in zip(cuts, cuts[1:])):
        return None
    atoms = [a // b for a, b in zip(cuts, cuts[1:])]
    parts = {a: between(old[i], old[i + 1]) if layout.atoms[a] > 1 else [] for i, a in enumerate(order)}
    return Layout(atoms, [between(new[i], new[i + 1]) if dims[i] > 1 else [] for i in range(len(dims))],
                  [[a for i in axis for a in parts[i]] for axis in layout.axis_atoms])
