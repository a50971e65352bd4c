"""Which cases can tell a right implementation from a wrong one.

Rounding is amplified where training blows up, where a relu is at its kink, where Adam divides a gradient by itself that
is zero but for rounding. Two right implementations then differ by more than the tests' tolerances. So a case is kept
only when PyTorch's own float32 is far inside the tolerances, and when PyTorch's float64 stays well inside although its
weights are disturbed before every pass by some ten times what the rounding of float32 does. No number of the library's
plays a part in this.
"""

import json
import math
import pathlib

import torch

from model import STEPS, CharModel, Run

TOLERANCES = json.loads((pathlib.Path(__file__).parent / "tolerances.json").read_text())

FLOAT32_SHARE = 0.25  # what float32 may use of the tolerances
DISTURBED_SHARE = 0.5  # and what the disturbed runs may use of those of gradients and parameters
DISTURBANCE = 1e-6  # of each weight


def is_well_conditioned(run):
    """Whether the case of a run in float32 is. What the run computes for it stays with the run."""
    truth = everything(Run(run.case, torch.float64))
    if max(errors(everything(run), truth)) > FLOAT32_SHARE:
        return False
    for seed in range(2):
        disturbed = everything(Run(run.case, torch.float64, DISTURBANCE, seed))
        _, gradients, *trained = errors(disturbed, truth)
        if max(gradients, *trained) > DISTURBED_SHARE:
            return False
    return True


def float32_errors(run):
    """PyTorch's float32 against its float64 in units of the tolerances: outputs, gradients, each optimizer."""
    return errors(everything(run), everything(Run(run.case, torch.float64)))


def everything(run):
    """One pass, the initial weights, and the weights that each optimizer ends with."""
    initial = dict(CharModel(run.case["config"]).double().named_parameters())
    return run.results, initial, run.trained


def errors(actual, truth):
    results, _, trained = actual
    true_results, initial, true_trained = truth
    outputs = [(results["logits"], true_results["logits"]), *pairs(results["state"], true_results["state"])]
    return [
        max(output_error(*pair) for pair in outputs),
        max(gradient_error(*pair) for pair in pairs(results["gradients"], true_results["gradients"])),
        *(max(parameter_error(a[name], b[name], initial[name]) for name in b) for a, b in zip(trained, true_trained)),
    ]


def pairs(a, b):
    return [(a[name], b[name]) for name in b]


# The criteria of compare.ts, which says more about them. What it calls expected is the float64 value here.


def output_error(actual, truth):
    limits = TOLERANCES["outputs"]
    return ratio((actual - truth).abs(), limits["absolute"] + limits["relative"] * truth.abs()).max().item()


def gradient_error(actual, truth):
    limits = TOLERANCES["gradients"]
    tolerance = limits["relative"] * truth.abs() + limits["ofLargest"] * truth.abs().max()
    return ratio((actual - truth).abs(), tolerance).max().item()


def parameter_error(actual, truth, initial):
    limits = TOLERANCES["parameters"]
    update = (truth - initial).abs().max()
    rounding = STEPS * 2**-24 * truth.abs().max()
    differences = (actual - truth).abs().flatten().sort(descending=True).values
    nearly_all = differences[math.ceil(limits["exceptions"] * len(differences)) :]
    return max(
        ratio(differences[0], limits["all"] * update + rounding).item(),
        ratio(nearly_all[0], limits["nearlyAll"] * update + rounding).item() if len(nearly_all) else 0.0,
    )


def ratio(difference, tolerance):
    return torch.where(difference == 0, 0.0, difference / tolerance)  # where all is zero, so is the tolerance
