"""PyTorch as a participant of the benchmark (see bench/participant.js): python pytorch.py <threads>. A line of JSON on
standard input prepares a workload of bench/workloads.js or runs it once; the answer is a line of JSON."""
import json
import os
import sys
import time

threads = sys.argv[1]
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = threads
# Old builds of OpenBLAS are pinned to old kernels on some machines; a fair comparison lets it choose.
for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)

import torch
from torch import nn

torch.set_num_threads(int(threads))
CELLS = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}


def indices(length, classes, shift=0):
    return [(((i + shift) % 1000) ** 2 * 7 + (i + shift) * 3) % classes for i in range(length)]


class Model(nn.Module):
    def __init__(self, cell, classes, hidden, layers):
        super().__init__()
        self.rnn = CELLS[cell](classes, hidden, layers, batch_first=True)
        self.fc = nn.Linear(hidden, classes)

    def forward(self, x, state=None):
        output, state = self.rnn(x, state)
        return self.fc(output), state


def create(w):
    torch.manual_seed(0)
    return Model(w["cell"], w["classes"], w["hiddenSize"], w["numLayers"])


def prepare_training(w):
    classes, B, T = w["classes"], w["B"], w["T"]
    model = create(w)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = torch.tensor(indices(B * T, classes)).view(B, T)
    y = torch.tensor(indices(B * T, classes, 1)).view(-1)
    x = nn.functional.one_hot(x, classes).float()
    loss_of = nn.CrossEntropyLoss()

    def step():
        adam.zero_grad()
        loss = loss_of(model(x)[0].view(-1, classes), y)
        loss.backward()
        adam.step()
        # As ours, whose every step returns its loss.
        return loss.item()

    def run():
        start = time.perf_counter()
        for _ in range(w["steps"]):
            step()
        return (time.perf_counter() - start) / (1 if w["key"] == "lab" else w["steps"])

    first_loss = step()
    for _ in range(2):
        run()
    return run, {"firstLoss": first_loss}


def prepare_sampling(w):
    model = create(w).eval()
    one_hot = torch.eye(w["classes"]).view(-1, 1, 1, w["classes"])

    def run():
        start = time.perf_counter()
        with torch.no_grad():
            symbol, state = 0, None
            for _ in range(w["symbols"]):
                logits, state = model(one_hot[symbol], state)
                symbol = int(logits.argmax())
        return (time.perf_counter() - start) / w["symbols"]

    run()
    return run, {}


def answer(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


run = None
for line in sys.stdin:
    workload = json.loads(line).get("prepare")
    if workload:
        run = None
        prepare = prepare_training if workload["kind"] == "training" else prepare_sampling
        run, facts = prepare(workload)
        answer({**facts, "version": torch.__version__})
    else:
        answer({"seconds": run()})
