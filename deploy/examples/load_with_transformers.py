#!/usr/bin/env python3
"""Loads pruned checkpoints with stock transformers and tries what a user does with them.

    pip install torch transformers
    python load_with_transformers.py ARTIFACT_FOLDER...

For each folder: no tensor may be missing, left over or of another shape; the logits must be those of "expected_logits.json"
in the folder, if there is one ({"input_ids": [[...]], "logits": [[[...]]]}); text is generated with and without a cache, greedily,
to the same tokens; saved and loaded again the model gives the same logits. Prints a line of JSON for each folder, and exits with
1 if one of them failed.
"""

import json
import sys
import tempfile
from pathlib import Path

import torch
import transformers
from transformers import AutoModelForCausalLM

TOLERANCE = 1e-4
NEW_TOKENS = 16


def load(folder):
    config = json.loads((Path(folder) / "config.json").read_text())
    model, report = AutoModelForCausalLM.from_pretrained(
        folder,
        # Only a checkpoint whose layers differ brings a Python file along; the others need none.
        trust_remote_code="auto_map" in config,
        # The faster kernels of transformers leave out Gemma 2's caps on attention.
        attn_implementation="eager" if config.get("attn_logit_softcapping") else None,
        dtype=torch.float32,
        output_loading_info=True,
    )
    for problem in ("missing_keys", "unexpected_keys", "mismatched_keys"):
        if report[problem]:
            raise ValueError(f"{problem}: {sorted(map(str, report[problem]))}")
    return model.eval()


def logits(model, tokens):
    with torch.no_grad():
        return model(tokens).logits.float()


def generated(model, prompt, cache):
    with torch.no_grad():
        return model.generate(
            prompt, attention_mask=torch.ones_like(prompt), do_sample=False, min_new_tokens=NEW_TOKENS,
            max_new_tokens=NEW_TOKENS, use_cache=cache, pad_token_id=0,
        )


def check(folder):
    model = load(folder)
    expected = Path(folder) / "expected_logits.json"
    numbers = json.loads(expected.read_text()) if expected.exists() else {"input_ids": [[5, 6, 7, 8, 9, 10, 11, 12]]}
    tokens = torch.tensor(numbers["input_ids"])
    ours = logits(model, tokens)
    found = {"class": type(model).__name__, "parameters": sum(p.numel() for p in model.parameters())}
    if "logits" in numbers:
        found["difference"] = (ours - torch.tensor(numbers["logits"])).abs().max().item()
        if not found["difference"] < TOLERANCE:
            raise ValueError(f"logits differ by {found['difference']}")
    cached, uncached = (generated(model, tokens[:1, :8], cache) for cache in (True, False))
    # Under dynamic NTK scaling keys in a cache keep the angles of the shorter text that they were read in.
    dynamic = (getattr(model.config, "rope_parameters", None) or {}).get("rope_type") == "dynamic"
    if not dynamic and not torch.equal(cached, uncached):
        raise ValueError("generation with and without a cache differ")
    found["generated"] = cached[0, 8:].tolist()
    with tempfile.TemporaryDirectory() as copy:
        model.save_pretrained(copy)
        if not torch.equal(logits(load(copy), tokens), ours):
            raise ValueError("saved and loaded again, the logits differ")
    return found


def main(folders):
    failed = False
    for folder in folders:
        line = {"folder": folder, "transformers": transformers.__version__, "torch": torch.__version__}
        try:
            line |= check(folder)
        except Exception as e:  # one folder that fails must not hide the others
            failed = True
            line["failed"] = f"{type(e).__name__}: {e}"
        print(json.dumps(line), flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
