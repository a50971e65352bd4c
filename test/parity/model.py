"""One case in PyTorch: its model, its batch, and what comes out.

B = batch size, T = sequence length, D = input size, H = hidden size, L = layers.
"""

import functools
import math
import os

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # more threads sum in another order

import torch
from torch import nn

STEPS = 10

torch.set_num_threads(1)


class Generator:
    """mulberry32 of test/reference/random.ts: the same 32 bits, so the same numbers."""

    def __init__(self, seed):
        self.state = seed

    def uniform(self, count):
        """count numbers in [0, 1), float64."""
        mask = 0xFFFFFFFF
        # The state only counts up, so all of them can be had at once. int64 products wrap; the low 32 bits are right.
        state = (self.state + 0x6D2B79F5 * torch.arange(1, count + 1)) & mask
        self.state = (self.state + 0x6D2B79F5 * count) & mask
        x = ((state ^ (state >> 15)) * (state | 1)) & mask
        x = x ^ ((x + (((x ^ (x >> 7)) * (x | 61)) & mask)) & mask)
        return (x ^ (x >> 14)).double() / 2**32

    def reals(self, shape, limit):
        return ((2 * self.uniform(math.prod(shape)) - 1) * limit).float().reshape(shape)

    def indices(self, shape, classes):
        return (self.uniform(math.prod(shape)) * classes).long().reshape(shape)


class CharModel(nn.Module):
    """nn.RNN, nn.GRU or nn.LSTM, then nn.Linear: names and order of the parameters are the library's."""

    def __init__(self, config):
        super().__init__()
        torch.manual_seed(config["seed"])
        cell = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[config["cell"]]
        options = {"nonlinearity": config["nonlinearity"]} if "nonlinearity" in config else {}
        sizes = config["inputSize"], config["hiddenSize"], config["numLayers"]
        self.rnn = cell(*sizes, batch_first=True, **options)
        self.fc = nn.Linear(config["hiddenSize"], config["outputSize"])

    def forward(self, inputs, state=None):
        outputs, state = self.rnn(inputs, state)
        return self.fc(outputs), state


def cross_entropy(logits, targets):
    return nn.functional.cross_entropy(logits.reshape(-1, logits.shape[-1]), targets.reshape(-1))


class Run:
    """One case: its model, its batch, and what comes out."""

    def __init__(self, case, dtype=torch.float32, disturbance=0.0, disturbance_seed=0):
        self.case, self.dtype = case, dtype
        self.disturbance, self.disturb = disturbance, Generator(disturbance_seed)
        config = case["config"]
        B, T, L = case["batchSize"], case["sequenceLength"], config["numLayers"]
        D, H = config["inputSize"], config["hiddenSize"]
        # The order of these draws is the tests' order too.
        draw = Generator(config["seed"])
        if case["inputs"] == "indices":
            self.inputs = nn.functional.one_hot(draw.indices((B, T), D), D).to(dtype)
        else:
            self.inputs = draw.reals((B, T, D), 1.0).to(dtype)
        self.targets = draw.indices((B, T), config["outputSize"])
        self.state = None
        if case["hasState"]:
            self.state = draw.reals((L, B, H), 1.0).to(dtype)
            if config["cell"] == "lstm":
                self.state = (self.state, draw.reals((L, B, H), 1.0).to(dtype))

    @functools.cached_property
    def results(self):
        """One pass: logits, state, loss and gradients, and what clipping makes of them."""
        model = CharModel(self.case["config"]).to(self.dtype)
        loss, logits, state = self.backward(model)
        results = {"loss": loss.item(), "logits": logits}
        results["state"] = {"h": state[0], "c": state[1]} if isinstance(state, tuple) else {"h": state}
        results["gradients"] = {name: p.grad.clone() for name, p in model.named_parameters()}
        if self.case["clip"]:
            norm = self.clip(model)
            if norm is not None:
                results["norm"] = norm.item()
            results["clipped"] = {name: p.grad.clone() for name, p in model.named_parameters()}
        return results

    @functools.cached_property
    def trained(self):
        """For each optimizer of the case the parameters after ten steps on the one batch."""
        return [self.train(optimizer) for optimizer in self.case["optimizers"]]

    def train(self, optimizer):
        model = CharModel(self.case["config"]).to(self.dtype)
        step = make_optimizer(model.parameters(), optimizer)
        for _ in range(STEPS):
            step.zero_grad()
            self.backward(model)
            self.clip(model)
            step.step()
        return {name: p.detach() for name, p in model.named_parameters()}

    def backward(self, model):
        """A pass and its gradients, with every weight disturbed by up to that share of itself."""
        weights = [parameter.detach().clone() for parameter in model.parameters()]
        with torch.no_grad():
            for parameter in model.parameters() if self.disturbance else []:
                noise = 2 * self.disturb.uniform(parameter.numel()).reshape(parameter.shape) - 1
                parameter *= 1 + self.disturbance * noise
        logits, state = model(self.inputs, self.state)
        loss = cross_entropy(logits, self.targets)
        loss.backward()
        with torch.no_grad():
            for parameter, weight in zip(model.parameters(), weights):
                parameter.copy_(weight)
        return loss, logits, state

    def clip(self, model):
        clip = self.case["clip"] or {}
        if "norm" in clip:
            return nn.utils.clip_grad_norm_(model.parameters(), clip["norm"])
        if "value" in clip:
            nn.utils.clip_grad_value_(model.parameters(), clip["value"])


def make_optimizer(parameters, optimizer):
    names = {"learningRate": "lr", "epsilon": "eps", "weightDecay": "weight_decay"}
    options = {names.get(name, name): value for name, value in optimizer["options"].items()}
    return getattr(torch.optim, optimizer["name"])(parameters, **options)
