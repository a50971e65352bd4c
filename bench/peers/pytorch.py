"""The workloads of bench/workloads.js in PyTorch. Reads them as JSON on standard input, with the number of threads,
and writes seconds as JSON: those of all the lab's epochs, those of one training step of the others."""
import json
import os
import sys
import time

request = json.load(sys.stdin)
threads = str(request["threads"])
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

    def forward(self, x):
        return self.fc(self.rnn(x)[0])


def measure(w):
    torch.manual_seed(0)
    classes, B, T = w["classes"], w["B"], w["T"]
    model = Model(w["cell"], classes, w["hiddenSize"], w["numLayers"])
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    x = torch.tensor(indices(B * T, classes)).view(B, T)
    y = torch.tensor(indices(B * T, classes, 1)).view(-1)
    x = nn.functional.one_hot(x, classes).float()
    loss_of = nn.CrossEntropyLoss()

    def run():
        for _ in range(w["steps"]):
            adam.zero_grad()
            loss = loss_of(model(x).view(-1, classes), y)
            loss.backward()
            adam.step()

    for _ in range(2):
        run()
    seconds = []
    for _ in range(w["repeats"]):
        start = time.perf_counter()
        run()
        seconds.append((time.perf_counter() - start) / (1 if w["key"] == "lab" else w["steps"]))
    return sorted(seconds)


results = {}
for workload in request["workloads"]:
    results[workload["key"]] = measure(workload)
json.dump({"version": torch.__version__, "seconds": results}, sys.stdout)
