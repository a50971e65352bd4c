"""The configurations whose results reference.py computes.

A case is what JSON says of it: sizes, seed, whether it has an initial state, how gradients are clipped, and how it is
trained. B = batch size, T = sequence length, D = input size, H = hidden size, O = output size, L = layers.
"""

import random

ADAM = ("Adam", {"learningRate": 0.01})
# Every optimizer with every option that changes its formula.
ALL_OPTIMIZERS = [
    ADAM,
    ("Adam", {"learningRate": 0.01, "betas": [0.8, 0.95], "epsilon": 1e-4, "weightDecay": 0.1}),
    ("AdamW", {"learningRate": 0.01}),
    ("AdamW", {"learningRate": 0.005, "betas": [0.7, 0.99], "weightDecay": 0.3}),
    ("RMSprop", {"learningRate": 0.001}),
    ("RMSprop", {"learningRate": 0.0005, "alpha": 0.95, "weightDecay": 0.05, "momentum": 0.9}),
    ("SGD", {"learningRate": 0.5}),
    ("SGD", {"learningRate": 0.2, "momentum": 0.9, "weightDecay": 0.01}),
    ("SGD", {"learningRate": 0.1, "momentum": 0.8, "weightDecay": 0.02, "nesterov": True}),
]

# No two sizes of a row are equal, but for the lab's own; each is 1 and 259 in some row; the others lie beside the
# widths of lanes and tiles (4, 6, 8, 16, 32, 48, 64, 96) or are prime.
#   B    T    D    H    O  L  inputs     state   clip              optimizers
SHAPES = [
    (1, 7, 5, 3, 9, 1, "indices", False, None, [ADAM]),
    (7, 1, 9, 5, 13, 2, "indices", True, None, [ADAM]),
    (5, 9, 1, 11, 3, 1, "reals", True, None, [ADAM]),
    (3, 5, 7, 1, 11, 3, "reals", False, None, [ADAM]),
    (11, 3, 17, 7, 1, 2, "indices", True, None, [ADAM]),
    (259, 3, 15, 17, 33, 2, "reals", True, None, [ADAM]),
    (2, 259, 13, 19, 23, 1, "indices", False, None, [ADAM]),
    (9, 11, 259, 31, 37, 2, "reals", False, None, [ADAM]),
    (13, 5, 65, 259, 47, 1, "indices", True, None, [ADAM]),
    (6, 17, 67, 63, 259, 3, "indices", True, None, [ADAM]),
    (49, 21, 61, 97, 53, 2, "indices", False, {"norm": 0.1}, [ADAM]),
    (47, 15, 33, 65, 31, 3, "reals", True, {"value": 0.002}, [ADAM]),
    (21, 13, 29, 25, 35, 2, "indices", True, None, ALL_OPTIMIZERS),
    (10, 6, 23, 37, 19, 3, "reals", False, {"norm": 1000.0}, ALL_OPTIMIZERS),
    (170, 10, 25, 25, 25, 2, "indices", False, None, [ADAM]),
]
RELU_ROWS = [1, 2, 5, 7, 8, 9, 12, 13]


def fixture_candidates(cell):
    """For each case of a cell, itself under one seed after another. Some rows have relu beside tanh."""
    for row, shape in enumerate(SHAPES):
        seeds = range(1000 + row, 9000, 100)
        if cell == "rnn":
            yield (make_case(cell, seed, *shape, nonlinearity="tanh") for seed in seeds)
            if row in RELU_ROWS:
                yield (make_case(cell, seed, *shape, nonlinearity="relu") for seed in seeds)
        else:
            yield (make_case(cell, seed, *shape) for seed in seeds)


def random_cases(cell, seed):
    """Fresh cases from a seed without end, each small enough that it takes a second."""
    draw = random.Random(f"{cell} {seed}")  # a string's seed is its SHA-512, the same in every Python 3
    while True:
        sizes = [round(259 ** draw.random()) for _ in range(5)]
        B, T, D, H, O = sizes
        L = draw.randint(1, 3)
        inputs, state = draw.choice(["indices", "reals"]), draw.random() < 0.5
        clip = draw.choice([None, {"norm": draw.choice([0.05, 0.5, 5.0])}, {"value": draw.choice([0.001, 0.01])}])
        optimizers = [ADAM, draw.choice(ALL_OPTIMIZERS[1:])]
        options = {"nonlinearity": draw.choice(["tanh", "relu"])} if cell == "rnn" else {}
        case_seed = draw.randrange(2**32)
        if B * T * (D + L * H + O) * H < 5e6:
            yield make_case(cell, case_seed, *sizes, L, inputs, state, clip, optimizers, **options)


def make_case(cell, seed, B, T, D, H, O, L, inputs, state, clip, optimizers, nonlinearity=None):
    config = {"cell": cell, "inputSize": D, "hiddenSize": H, "numLayers": L, "outputSize": O, "seed": seed}
    words = [cell, f"B {B}, T {T}, D {D}, H {H}, O {O}, L {L}", inputs, "with state" if state else "zero state"]
    if nonlinearity:
        config["nonlinearity"] = nonlinearity
        words.insert(1, nonlinearity)
    if clip:
        words.append("clipped by " + " ".join(f"{kind} {limit:g}" for kind, limit in clip.items()))
    return {
        "name": ", ".join(words),
        "config": config,
        "batchSize": B,
        "sequenceLength": T,
        "inputs": inputs,
        "hasState": state,
        "clip": clip,
        "optimizers": [{"name": name, "options": options} for name, options in optimizers],
    }
