"""char-rnn's run on a text in PyTorch, as bench/tinyshakespeare.js has it: two layers of 128, 50 streams of chunks of 50,
RMSprop 2e-3 (alpha 0.95), gradients of the loss summed over time clamped to 5, weights uniform in 0.08, forget bias 1.
Arguments: cell, epochs, file, threads. Prints validation loss and seconds of each epoch as JSON."""
import json
import os
import sys
import time

cell, epochs, file, threads = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = threads
# Old builds of OpenBLAS are pinned to old kernels on some machines; a fair comparison lets it choose.
for variable in ("OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE"):
    os.environ.pop(variable, None)

import torch
from torch import nn

torch.set_num_threads(int(threads))
torch.manual_seed(1)
B, T, H = 50, 50, 128
text = open(file, encoding="utf8").read()
symbols = sorted(set(text))
V = len(symbols)
data = torch.tensor([symbols.index(c) for c in text])
chunks = (len(data) - 1) // (B * T)
x = data[: B * T * chunks].view(B, chunks, T)
y = data[1 : B * T * chunks + 1].view(B, chunks, T)
trained = int(0.95 * chunks)

rnn = {"rnn": nn.RNN, "gru": nn.GRU, "lstm": nn.LSTM}[cell](V, H, 2, batch_first=True)
fc = nn.Linear(H, V)
parameters = [*rnn.parameters(), *fc.parameters()]
for p in parameters:
    nn.init.uniform_(p, -0.08, 0.08)
if cell == "lstm":
    for layer in range(2):
        getattr(rnn, f"bias_ih_l{layer}").data[H : 2 * H] = 1
        getattr(rnn, f"bias_hh_l{layer}").data[H : 2 * H] = 0
optimizer = torch.optim.RMSprop(parameters, lr=2e-3, alpha=0.95)
loss_of = nn.CrossEntropyLoss()


def step(chunk, state):
    one_hot = nn.functional.one_hot(x[:, chunk], V).float()
    outputs, state = rnn(one_hot, state)
    return loss_of(fc(outputs).view(-1, V), y[:, chunk].reshape(-1)), state


def detached(state):
    return tuple(s.detach() for s in state) if isinstance(state, tuple) else state.detach()


records, state = [], None
for epoch in range(epochs):
    start = time.perf_counter()
    for group in optimizer.param_groups:
        group["lr"] = 2e-3 * 0.97 ** max(0, epoch - 9)
    for chunk in range(trained):
        loss, state = step(chunk, state)
        optimizer.zero_grad()
        (loss * T).backward()
        nn.utils.clip_grad_value_(parameters, 5)
        optimizer.step()
        state = detached(state)
    with torch.no_grad():
        held, losses = None, []
        for chunk in range(trained, chunks):
            loss, held = step(chunk, held)
            losses.append(loss.item())
    records.append({"validationLoss": sum(losses) / len(losses), "seconds": time.perf_counter() - start})
json.dump({"version": torch.__version__, "records": records}, sys.stdout)
