"""GoogLeNet and Inception v3 for generate_models.py."""

from model_builder import Model, numbered


def basic(m, name, x, channels, kernel=1, stride=1, pad=0):
    return m.conv_bn_act([f"{name}.conv", f"{name}.bn", name], "relu", x, channels, kernel=kernel,
                         stride=stride, pad=pad)


def googlenet():
    m = Model("googlenet", "Szegedy et al., arXiv:1409.4842, table 1, without auxiliary heads "
              "(torchvision layout: batch-norm, 3x3 instead of 5x5)", [1, 3, 224, 224])
    x = basic(m, "conv1", "input", 64, 7, 2, 3)
    x = m.pool("maxpool1", x, 3, 2, ceil_mode=True)
    x = basic(m, "conv2", x, 64)
    x = basic(m, "conv3", x, 192, 3, 1, 1)
    x = m.pool("maxpool2", x, 3, 2, ceil_mode=True)
    # Per module: 1x1; reduction and 3x3; reduction and "5x5"; after the pool.
    for name, c in [("3a", (64, 96, 128, 16, 32, 32)), ("3b", (128, 128, 192, 32, 96, 64)),
                    ("maxpool3", 3), ("4a", (192, 96, 208, 16, 48, 64)),
                    ("4b", (160, 112, 224, 24, 64, 64)), ("4c", (128, 128, 256, 24, 64, 64)),
                    ("4d", (112, 144, 288, 32, 64, 64)), ("4e", (256, 160, 320, 32, 128, 128)),
                    ("maxpool4", 2), ("5a", (256, 160, 320, 32, 128, 128)),
                    ("5b", (384, 192, 384, 48, 128, 128))]:
        if isinstance(c, int):
            x = m.pool(name, x, c, 2, ceil_mode=True)
            continue
        name = f"inception{name}"
        parts = [basic(m, f"{name}.branch1", x, c[0])]
        for branch, (reduced, wide) in [(2, c[1:3]), (3, c[3:5])]:
            y = basic(m, f"{name}.branch{branch}.0", x, reduced)
            parts.append(basic(m, f"{name}.branch{branch}.1", y, wide, 3, 1, 1))
        y = m.pool(f"{name}.branch4.0", x, 3, 1, 1, ceil_mode=True)
        parts.append(basic(m, f"{name}.branch4.1", y, c[5]))
        x = m.concat(name, parts)
    x = m.adaptive("avgpool", x)
    x = m.flatten("<root>", x, 1024)
    m.linear("fc", x, 1000)
    return m


def chain(m, name, x, steps):
    """Convolutions name_1, name_2, ... of (channels, kernel[, stride, pad])."""
    for i, step in enumerate(steps, start=1):
        x = basic(m, f"{name}_{i}", x, *step)
    return x


def row(channels):
    return (channels, (1, 7), 1, (0, 3))


def column(channels):
    return (channels, (7, 1), 1, (3, 0))


def inception_v3():
    m = Model("inception_v3", "Szegedy et al., arXiv:1512.00567, table 1, without the auxiliary "
              "head (torchvision layout)", [1, 3, 299, 299])
    x = basic(m, "Conv2d_1a_3x3", "input", 32, 3, 2)
    x = basic(m, "Conv2d_2a_3x3", x, 32, 3)
    x = basic(m, "Conv2d_2b_3x3", x, 64, 3, 1, 1)
    x = m.pool("maxpool1", x, 3, 2)
    x = basic(m, "Conv2d_3b_1x1", x, 80)
    x = basic(m, "Conv2d_4a_3x3", x, 192, 3)
    x = m.pool("maxpool2", x, 3, 2)
    for module, pooled in [("5b", 32), ("5c", 64), ("5d", 64)]:
        x = inception_a(m, f"Mixed_{module}", x, pooled)
    x = reduction(m, "Mixed_6a", x, [("branch3x3", [(384, 3, 2)]),
                                     ("branch3x3dbl", [(64,), (96, 3, 1, 1), (96, 3, 2)])])
    for module, c in [("6b", 128), ("6c", 160), ("6d", 160), ("6e", 192)]:
        x = inception_c(m, f"Mixed_{module}", x, c)
    x = reduction(m, "Mixed_7a", x, [("branch3x3", [(192,), (320, 3, 2)]),
                                     ("branch7x7x3", [(192,), row(192), column(192),
                                                      (192, 3, 2)])])
    for module in ("7b", "7c"):
        x = inception_e(m, f"Mixed_{module}", x)
    x = m.adaptive("avgpool", x)
    x = m.flatten("<root>", x, 2048)
    m.linear("fc", x, 1000)
    return m


def pooled_branch(m, name, x, channels):
    x = m.pool(f"{name}/avg_pool", x, 3, 1, 1, op="avg_pool")
    return basic(m, f"{name}.branch_pool", x, channels)


def inception_a(m, name, x, pooled):
    parts = [basic(m, f"{name}.branch1x1", x, 64),
             chain(m, f"{name}.branch5x5", x, [(48,), (64, 5, 1, 2)]),
             chain(m, f"{name}.branch3x3dbl", x, [(64,), (96, 3, 1, 1), (96, 3, 1, 1)]),
             pooled_branch(m, name, x, pooled)]
    return m.concat(f"{name}/concat", parts)


def reduction(m, name, x, branches):
    parts = [basic(m, f"{name}.{branch}", x, *steps[0]) if len(steps) == 1 else
             chain(m, f"{name}.{branch}", x, steps) for branch, steps in branches]
    parts.append(m.pool(f"{name}/max_pool", x, 3, 2))
    return m.concat(f"{name}/concat", parts)


def inception_c(m, name, x, c):
    parts = [basic(m, f"{name}.branch1x1", x, 192),
             chain(m, f"{name}.branch7x7", x, [(c,), row(c), column(192)]),
             chain(m, f"{name}.branch7x7dbl", x, [(c,), column(c), row(c), column(c), row(192)]),
             pooled_branch(m, name, x, 192)]
    return m.concat(f"{name}/concat", parts)


def inception_e(m, name, x):
    parts = [basic(m, f"{name}.branch1x1", x, 320)]
    for k, (branch, last, steps) in enumerate([("branch3x3", 2, [(384,)]),
                                               ("branch3x3dbl", 3, [(448,), (384, 3, 1, 1)])]):
        y = chain(m, f"{name}.{branch}", x, steps)
        halves = [basic(m, f"{name}.{branch}_{last}a", y, 384, (1, 3), 1, (0, 1)),
                  basic(m, f"{name}.{branch}_{last}b", y, 384, (3, 1), 1, (1, 0))]
        parts.append(m.concat(numbered(f"{name}/concat", k), halves))
    parts.append(pooled_branch(m, name, x, 192))
    return m.concat(f"{name}/concat_2", parts)
