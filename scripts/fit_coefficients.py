#!/usr/bin/env python3
"""Finds the coefficients that assembly/math.ts quotes. Needs numpy; run it to see them again.

Each function is fitted on Chebyshev points by Lawson's reweighted least squares (the rational one with Loeb's
linearisation), which converges to the smallest largest relative error. The float32 error that remains is measured by
test/kernels/math.test.ts, over the whole domain and in both cores.
"""
import numpy as np

POINTS = 4000
ROUNDS = 400


def chebyshev(low, high):
    k = np.arange(POINTS)
    return low + (high - low) * 0.5 * (1 - np.cos(np.pi * (k + 0.5) / POINTS))


def lawson(solve, error):
    """Reweights the points by their error until the largest is as small as it gets."""
    weights, best = np.ones(POINTS), (np.inf, None)
    for _ in range(ROUNDS):
        solution = solve(weights)
        e = error(solution)
        if e.max() < best[0]:
            best = (e.max(), solution)
        weights = weights * np.sqrt(e / e.mean()) + 1e-30
        weights /= weights.mean()
    return best


def fit_tanh(p, q, limit):
    """tanh(x) = x·P(x²) / Q(x²), P of degree p, Q of degree q with Q(0) = 1, on [0, limit]."""
    x = chebyshev(0, limit)
    f, z = np.tanh(x) / x, (x / limit) ** 2
    previous = np.ones(POINTS)

    def parts(solution):
        return (sum(solution[i] * z**i for i in range(p + 1)),
                1 + sum(solution[p + i] * z**i for i in range(1, q + 1)))

    def solve(weights):
        nonlocal previous
        w = np.sqrt(weights) / np.abs(f * previous)
        a = np.stack([z**i for i in range(p + 1)] + [-f * z**i for i in range(1, q + 1)], 1)
        solution = np.linalg.lstsq(a * w[:, None], f * w, rcond=1e-18)[0]
        previous = parts(solution)[1]
        return solution

    def error(solution):
        numerator, denominator = parts(solution)
        return np.abs(numerator / denominator / f - 1)

    largest, s = lawson(solve, error)
    scale = [limit ** (2 * i) for i in range(max(p, q) + 1)]
    return largest, [s[i] / scale[i] for i in range(p + 1)], [1.0] + [s[p + i] / scale[i] for i in range(1, q + 1)]


def fit_exp(degree):
    """exp(r) = 1 + r + r²·C(r), C of the given degree, on |r| ≤ ln 2 / 2."""
    limit = np.log(2) / 2
    r = chebyshev(-limit, limit)
    target = (np.expm1(r) - r) / r**2
    a = np.stack([r**i for i in range(degree + 1)], 1)
    relative = r**2 / np.exp(r)

    def solve(weights):
        w = np.sqrt(weights) * relative
        return np.linalg.lstsq(a * w[:, None], target * w, rcond=1e-18)[0]

    largest, s = lawson(solve, lambda s: np.abs((a @ s - target) * relative))
    return largest, list(s)


if __name__ == "__main__":
    error, p, q = fit_tanh(4, 4, 9.02)
    print(f"tanh: largest relative error {error:.2e} before rounding")
    print("  P", [float(np.float32(c)) for c in p])
    print("  Q", [float(np.float32(c)) for c in q])
    error, c = fit_exp(4)
    print(f"exp: largest relative error {error:.2e} before rounding")
    print("  C", [float(np.float32(x)) for x in c])
