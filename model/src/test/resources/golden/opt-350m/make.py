"""Makes this folder: a tiny OPT with the two peculiarities of opt-350m, and the numbers that it must give.

    python make.py FOLDER            a new checkpoint in FOLDER, with its numbers
    python make.py FOLDER REFERENCE  the numbers of REFERENCE's checkpoint in FOLDER, and how far they are from REFERENCE's own

It runs the model by transformers (eager attention, float32, one thread) and computes scores in float64. Made with Python
3.11.7, torch 2.13.0+cpu, transformers 5.18.0, safetensors 0.8.0, numpy 2.4. With a reference, such as ../opt, which another
program made, it shows that both programs mean the same by every number.
"""

import hashlib
import json
import os
import shutil
import sys

import numpy as np
import torch
from safetensors.numpy import load_file, save_file
from transformers import OPTConfig, OPTForCausalLM

SEED = 350
LAYERS, HEADS, HEAD_DIM, CHANNELS, VOCABULARY, SAMPLES, TOKENS = 3, 4, 8, 96, 160, 4, 24
REMOVED = [  # layer -> heads and channels that go
    {"attention": [1], "ffn": [2, 9, 17, 30, 51, 64, 90]},
    {"attention": [0, 3], "ffn": [0, 1, 5, 12, 26, 33, 40, 41, 58, 59, 60, 77, 83, 95]},
    {"attention": [], "ffn": list(range(3, 96, 2))},
]


def new_model(folder):
    torch.manual_seed(SEED)
    model = OPTForCausalLM(OPTConfig(
        vocab_size=VOCABULARY, hidden_size=HEADS * HEAD_DIM, num_hidden_layers=LAYERS, num_attention_heads=HEADS,
        ffn_dim=CHANNELS, max_position_embeddings=64, word_embed_proj_dim=20, do_layer_norm_before=False,
        dropout=0.0, dtype="float32"))
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if name.endswith("norm.weight"):
                weight.normal_(1, 0.2)
            elif weight.dim() == 1:
                weight.normal_(0, 0.1)
            else:
                weight.normal_(0, 0.5 if "embed" in name else weight.shape[1] ** -0.5)
    model.save_pretrained(folder)
    os.remove(os.path.join(folder, "generation_config.json"))


def linears(layer):
    """The parts of a unit: rows of the first ones, columns of the last, of the attention and of the feed-forward block."""
    attention = layer.self_attn
    return ([attention.q_proj, attention.k_proj, attention.v_proj], attention.out_proj), ([layer.fc1], layer.fc2)


class Run:
    """One pass over all windows: logits, hidden states, and what enters each linear layer."""

    def __init__(self, model, ids):
        self.hidden, self.inputs, hooks = [], {}, []
        names = {module: name for name, module in model.named_modules()}
        for layer in model.model.decoder.layers:
            hooks.append(layer.register_forward_pre_hook(lambda _, given: self.hidden.append(given[0].detach())))
            for module in layer.modules():
                if isinstance(module, torch.nn.Linear):
                    hooks.append(module.register_forward_pre_hook(
                        lambda one, given: self.inputs.__setitem__(names[one], given[0].detach())))
        hooks.append(model.model.decoder.layers[-1].register_forward_hook(
            lambda _, given, left: self.hidden.append((left[0] if isinstance(left, tuple) else left).detach())))
        self.logits = model(ids).logits
        for hook in hooks:
            hook.remove()
        predictions = torch.nn.functional.cross_entropy(
            self.logits[:, :-1].reshape(-1, VOCABULARY), ids[:, 1:].reshape(-1), reduction="none")
        self.loss = predictions.reshape(SAMPLES, TOKENS - 1).mean(1)


def gradients(model, loss):
    names, weights = zip(*model.named_parameters())
    return dict(zip(names, torch.autograd.grad(loss, weights, retain_graph=True)))


def statistics(run):
    found = {}
    for name, x in run.inputs.items():
        x = x.reshape(-1, x.shape[-1]).double().numpy()
        found[name] = ((x * x).sum(0), x.mean(0), x.var(0))
    return found


def z(values):
    return (values - values.mean()) / values.std(ddof=1)


def scores(model, stats, mean_gradient, sample_gradients):
    names = {module: name for name, module in model.named_modules()}
    table = {}

    def add(criterion, kind, units):
        table.setdefault(criterion, {}).setdefault(kind, []).append([float("%.9g" % unit) for unit in units])

    for layer in model.model.decoder.layers:
        for kind, width, (first, last) in zip(("attention", "ffn"), (HEAD_DIM, 1), linears(layer)):
            members = [(one, 0) for one in first] + [(last, 1)]
            units = last.weight.shape[1] // width

            def per_unit(values, axis):
                """Sums over the rows (0) or the columns (1) of each unit."""
                return values.sum(1 - axis).reshape(units, width).sum(1)

            def summed(score):
                return sum(per_unit(score(one), axis) for one, axis in members)

            def weight(one):
                return one.weight.detach().double().numpy()

            def norm(one):
                return np.sqrt(stats[names[one]][0])

            def gradient(one):
                return mean_gradient[names[one] + ".weight"].double().numpy()

            def square(one):
                return np.mean([g[names[one] + ".weight"].double().numpy() ** 2 for g in sample_gradients], 0)

            def first_order(one):
                return weight(one) * gradient(one)

            add("magnitude-p1", kind, summed(lambda one: abs(weight(one))))
            add("magnitude-p2", kind, summed(lambda one: weight(one) ** 2))
            add("wanda", kind, summed(lambda one: abs(weight(one)) * norm(one)))
            add("wanda-sp", kind, (abs(weight(last)) * norm(last)).mean(0).reshape(units, width).sum(1))
            metric = stats[names[last]][2] * (weight(last) ** 2).sum(0)
            metric = metric ** 2 if kind == "attention" else metric
            add("flap-raw", kind, metric.reshape(units, width).sum(1))
            add("flap-z", kind, z(metric).reshape(units, width).mean(1))
            add("taylor-vectorize-unit", kind, abs(summed(first_order)))
            add("taylor-vectorize", kind, sum(
                abs(first_order(one).sum(1 - axis)).reshape(units, width).sum(1) for one, axis in members))
            add("taylor-first", kind, summed(lambda one: abs(first_order(one))))
            add("taylor-second", kind, summed(lambda one: abs(weight(one) ** 2 * square(one))))
            add("taylor-mix", kind, summed(
                lambda one: abs(first_order(one) - 0.5 * weight(one) ** 2 * square(one))))
            add("fms-product", kind, summed(
                lambda one: abs(weight(one)) * norm(one) / norm(one).mean() * abs(gradient(one))))
    return table


def influence(run):
    cosine = torch.nn.functional.cosine_similarity
    return [float("%.9g" % (1 - cosine(a.double(), b.double(), -1).mean())) for a, b in zip(run.hidden, run.hidden[1:])]


def kept(removed, count):
    return np.array([unit for unit in range(count) if unit not in removed], dtype=np.int64)


def surgery(model, stats, removed):
    """Tensors of the pruned blocks, and the model with the removed columns set to zero, with and without compensation."""
    names = {module: name for name, module in model.named_modules()}
    sliced, extra = {}, {}
    for index, layer in enumerate(model.model.decoder.layers):
        for name, tensor in layer.state_dict().items():
            sliced["model.decoder.layers.%d.%s" % (index, name)] = tensor.numpy()
        for kind, width, (first, last) in zip(("attention", "ffn"), (HEAD_DIM, 1), linears(layer)):
            units = last.weight.shape[1] // width
            left = kept(removed[index][kind], units)
            extra["kept.%d.%s" % (index, kind)] = left
            positions = (left[:, None] * width + np.arange(width)).reshape(-1)
            for one in first:
                for part in ("weight", "bias"):
                    sliced[names[one] + "." + part] = getattr(one, part).detach().numpy()[positions]
            sliced[names[last] + ".weight"] = last.weight.detach().numpy()[:, positions]
            gone = np.setdiff1d(np.arange(units * width), positions)
            lost = last.weight.detach().double().numpy()[:, gone] @ stats[names[last]][1][gone]
            extra["compensated." + names[last] + ".bias"] = (last.bias.detach().double().numpy() + lost).astype(np.float32)
            with torch.no_grad():
                last.weight[:, gone] = 0
    return sliced, extra


def compensate(model, extra):
    with torch.no_grad():
        for name, module in model.named_modules():
            bias = extra.get("compensated." + name + ".bias")
            if bias is not None:
                module.bias.copy_(torch.from_numpy(bias))


def make(folder, reference=None):
    torch.set_num_threads(1)
    if reference is None:
        new_model(folder)
        ids = torch.randint(4, VOCABULARY, (SAMPLES, TOKENS), generator=torch.Generator().manual_seed(SEED))
        removed = REMOVED
    else:
        for file in ("config.json", "model.safetensors"):
            shutil.copyfile(os.path.join(reference, file), os.path.join(folder, file))
        ids = torch.from_numpy(load_file(os.path.join(reference, "expected.safetensors"))["input_ids"])
        removed = json.load(open(os.path.join(reference, "surgery.json")))["removed"]
    model = OPTForCausalLM.from_pretrained(folder, attn_implementation="eager", dtype=torch.float32).eval()
    run = Run(model, ids)
    mean_gradient = gradients(model, run.loss.mean())
    sample_gradients = [gradients(model, loss) for loss in run.loss]
    stats = statistics(run)
    expected = {"input_ids": ids.numpy(), "logits": run.logits.detach().numpy(), "loss": run.loss.detach().numpy(),
                "mean_loss": run.loss.mean().detach().numpy().reshape(1)}
    expected.update({"hidden_%d" % i: x.numpy() for i, x in enumerate(run.hidden)})
    expected.update({"grad." + name: g.numpy() for name, g in mean_gradient.items()})
    for name, values in stats.items():
        expected.update({kind + "." + name: v.astype(np.float32) for kind, v in zip(("u", "mean", "var"), values)})
    save_file(expected, os.path.join(folder, "expected.safetensors"))
    json.dump({
        "block_influence": influence(run), "family": "opt", "flap_cost": {"attention": 2.0 * HEAD_DIM, "channel": 1.0},
        "scores": scores(model, stats, mean_gradient, sample_gradients), "seed": SEED,
        "units": {"attention": "head", "attention_units": HEADS, "ffn_channels": CHANNELS, "head_dim": HEAD_DIM,
                  "query_heads_per_unit": 1},
    }, open(os.path.join(folder, "scores.json"), "w"), sort_keys=True)

    sliced, extra = surgery(model, stats, removed)
    json.dump({"family": "opt", "removed": removed, "pruned_tensors": {
        name: {"shape": list(v.shape), "sha256": hashlib.sha256(np.ascontiguousarray(v).tobytes()).hexdigest()}
        for name, v in sliced.items()}}, open(os.path.join(folder, "surgery.json"), "w"), sort_keys=True)
    pruned = Run(model, ids)
    extra.update({"input_ids": ids.numpy(), "logits": pruned.logits.detach().numpy(),
                  "loss": pruned.loss.detach().numpy(), "mean_loss": pruned.loss.mean().detach().numpy().reshape(1)})
    compensate(model, extra)
    compensated = Run(model, ids)
    extra["compensated.logits_last"] = compensated.logits[:, -1].detach().numpy().copy()
    extra["compensated.loss"] = compensated.loss.detach().numpy()
    save_file(extra, os.path.join(folder, "expected_pruned.safetensors"))
    if reference is not None:
        compare(folder, reference)


def compare(folder, reference):
    for file in ("expected.safetensors", "expected_pruned.safetensors"):
        ours, theirs = (load_file(os.path.join(where, file)) for where in (folder, reference))
        worst = {}
        for name in theirs:
            scale = abs(theirs[name]).max() + 1e-30
            kind = name.split(".")[0]
            worst[kind] = max(worst.get(kind, 0), abs(ours[name].astype(float) - theirs[name]).max() / scale)
        print(file, "only here:", sorted(set(ours) - set(theirs)), "relative to the largest:", worst)
    ours, theirs = (json.load(open(os.path.join(where, "scores.json"))) for where in (folder, reference))
    for criterion, kinds in sorted(theirs["scores"].items()):
        print(criterion, max(np.max(abs(np.array(a) - b) / (abs(np.array(b)) + 1e-9))
                             for kind, layers in kinds.items() for a, b in zip(ours["scores"][criterion][kind], layers)))
    print("block influence", np.max(abs(np.array(ours["block_influence"]) - theirs["block_influence"])))
    ours, theirs = (json.load(open(os.path.join(where, "surgery.json"))) for where in (folder, reference))
    print("slices alike:", ours["pruned_tensors"] == theirs["pruned_tensors"])


if __name__ == "__main__":
    make(*sys.argv[1:])
