"""Makes expected.json: what recoveries of the golden checkpoints must find, by torch's autograd and optimizers.

    python make.py ../golden expected.json

The student is the golden checkpoint with every weight of its decoder layers multiplied by 1 + 0.3 sin(place in the tensor).
Windows, first adapters and schedules are those of RecoveryReferenceTest. All windows but the last one are one batch, so their
order does not matter. Made with Python 3.11.7, torch 2.13.0+cpu, transformers 5.18.0, peft 0.21.0, numpy 2.4.
"""

import hashlib
import json
import os
import re
import shutil
import struct
import sys
import tempfile

import numpy as np
import torch
from peft import LoraConfig, get_peft_model
from safetensors.numpy import load_file, save_file
from torch.nn.functional import cross_entropy, log_softmax
from transformers import AutoModelForCausalLM

FAMILIES = ["llama-gqa", "qwen2", "qwen3", "gemma2", "granite", "phi3", "opt-350m", "bloom", "gpt-neox"]
WINDOWS, TOKENS, STEPS, SEED = 8, 16, 20, 5
LOCAL_RATE, LORA_RATE, RANK, ALPHA, WARM_UP = 1e-3, 5e-3, 4, 8.0, 4
LAYER = re.compile(r"(^|\.)(layers|h)\.\d+\.")
MASK = (1 << 64) - 1


def windows():
    return torch.tensor([[(31 * i + 17 * j + 7 * i * j) % 150 + 4 for j in range(TOKENS)] for i in range(WINDOWS)])


def student(source, target):
    """The golden checkpoint with other weights in its layers."""
    os.makedirs(target)
    shutil.copy(os.path.join(source, "config.json"), target)
    tensors = load_file(os.path.join(source, "model.safetensors"))
    for name, tensor in tensors.items():
        if LAYER.search(name):
            factors = 1 + 0.3 * np.sin(np.arange(tensor.size, dtype=np.float64))
            tensors[name] = (tensor.astype(np.float64) * factors.reshape(tensor.shape)).astype(np.float32)
    save_file(tensors, os.path.join(target, "model.safetensors"), {"format": "pt"})
    return list(tensors)


def load(folder):
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="eager").eval()


def layers(model):
    for module in model.modules():
        for name in ("layers", "h"):
            found = getattr(module, name, None)
            if isinstance(found, torch.nn.ModuleList):
                return found
    raise ValueError("no decoder layers")


def hidden_of(args, kwargs):
    return args[0] if args else kwargs["hidden_states"]


def boundaries(model, ids):
    """What enters and what leaves each layer."""
    states, hooks = [], []
    for layer in layers(model):
        hooks.append(layer.register_forward_hook(
            lambda _, args, kwargs, out: states.append((hidden_of(args, kwargs), out if torch.is_tensor(out) else out[0])),
            with_kwargs=True))
    with torch.no_grad():
        model(ids, use_cache=False)
    for hook in hooks:
        hook.remove()
    return states


def through(model, index, hidden, ids):
    """The output of one layer for a given input."""
    caught = []

    def replace(_, args, kwargs):
        return ((hidden,) + args[1:], kwargs) if args else (args, {**kwargs, "hidden_states": hidden})

    layer = layers(model)[index]
    hooks = [
        layer.register_forward_pre_hook(replace, with_kwargs=True),
        layer.register_forward_hook(lambda _, args, out: caught.append(out if torch.is_tensor(out) else out[0])),
    ]
    model(ids, use_cache=False)
    for hook in hooks:
        hook.remove()
    return caught[0]


def curve(train, judge, steps):
    """Steps of a training with its losses, two at a time, as a curve is measured."""
    points = [[0, 0.0, judge()]]
    since = []
    for step in range(1, steps + 1):
        since.append(train(step))
        if step % 2 == 0:
            points.append([step, sum(since) / len(since), judge()])
            since = []
    return points


def local(folder, dense_states, ids, index):
    model = load(folder)
    parameters = list(layers(model)[index].parameters())
    optimizer = torch.optim.Adam(parameters, lr=LOCAL_RATE)
    hidden, target = dense_states[index]

    def error(rows):
        y = through(model, index, hidden[rows], ids[rows])
        return ((y - target[rows]) ** 2).sum() / (target[rows] ** 2).sum()

    def train(step):
        optimizer.param_groups[0]["lr"] = LOCAL_RATE * (STEPS - step + 1) / STEPS
        optimizer.zero_grad()
        loss = error(slice(0, WINDOWS - 1))
        loss.backward()
        optimizer.step()
        return loss.item()

    def judge():
        with torch.no_grad():
            return error(slice(WINDOWS - 1, WINDOWS)).item()

    return curve(train, judge, STEPS)


def mixed(z):
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def first_adapter(module, inputs):
    """Java's SplittableRandom, seeded by the first 64 bits of SHA-256 over the seed and a purpose."""
    digest = hashlib.sha256(struct.pack(">q", SEED) + f"lora/{module}".encode()).digest()
    state = int.from_bytes(digest[:8], "big")
    values = []
    for _ in range(RANK * inputs):
        state = (state + 0x9E3779B97F4A7C15) & MASK
        values.append((mixed(state) >> 11) * 2.0**-53)
    return torch.tensor((2 * np.array(values) - 1) / inputs**0.5, dtype=torch.float32).reshape(RANK, inputs)


def lora(folder, names, dense_logits, ids, objective):
    model = load(folder)
    targets = [name for name, module in model.named_modules()
               if isinstance(module, torch.nn.Linear) and LAYER.search(name)]
    model = get_peft_model(model, LoraConfig(r=RANK, lora_alpha=ALPHA, target_modules=targets, lora_dropout=0.0))
    stored = [name[: -len(".weight")] for name in names if name.endswith(".weight")]
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_A" in name:
                module = name.removeprefix("base_model.model.").removesuffix(".lora_A.default.weight")
                ours = next(one for one in stored if one == module or module.endswith("." + one))
                weight.copy_(first_adapter(ours, weight.shape[1]))
    parameters = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.AdamW(parameters, lr=LORA_RATE, weight_decay=0.0)

    def loss(rows):
        logits = model(ids[rows], use_cache=False).logits[:, :-1]
        if objective == "next-token":
            return cross_entropy(logits.flatten(0, 1), ids[rows, 1:].flatten())
        p, q = log_softmax(dense_logits[rows, :-1].double(), -1), log_softmax(logits.double(), -1)
        return (p.exp() * (p - q)).sum(-1).mean()

    def train(step):
        rate = LORA_RATE * (step / (WARM_UP + 1) if step <= WARM_UP else (STEPS - step + 1) / (STEPS - WARM_UP))
        optimizer.param_groups[0]["lr"] = rate
        optimizer.zero_grad()
        value = loss(slice(0, WINDOWS - 1))
        value.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        return value.item()

    def judge():
        with torch.no_grad():
            return loss(slice(WINDOWS - 1, WINDOWS)).item()

    return curve(train, judge, STEPS)


def main(golden, target):
    torch.set_num_threads(1)
    ids, expected = windows(), {}
    for family in FAMILIES:
        source = os.path.join(golden, family)
        with tempfile.TemporaryDirectory() as scratch:
            folder = os.path.join(scratch, "student")
            names = student(source, folder)
            dense = load(source)
            states = boundaries(dense, ids)
            with torch.no_grad():
                logits = dense(ids, use_cache=False).logits
            expected[family] = {
                "local": [local(folder, states, ids, index) for index in range(len(states))],
                "distill": lora(folder, names, logits, ids, "distill"),
                "next-token": lora(folder, names, logits, ids, "next-token"),
            }
        print(family, expected[family]["local"][0][-1], expected[family]["distill"][-1], flush=True)
    with open(target, "w") as out:
        out.write("{\n" + ",\n".join(f' "{family}": {json.dumps(numbers)}' for family, numbers in expected.items()) + "\n}\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
