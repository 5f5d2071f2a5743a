#!/usr/bin/env python3
"""Loads a recovery's adapters with peft and compares them with the merged checkpoint.

    pip install torch transformers peft
    python load_adapter.py PRUNED_FOLDER ADAPTER_FOLDER RECOVERED_FOLDER

The pruned model with its adapters must give the logits of the recovered one. Prints a line of JSON, and exits with 1 if not.
"""

import json
import sys

import torch
from load_with_transformers import TOLERANCE, load, logits
from peft import PeftModel


def main(pruned, adapter, recovered):
    tokens = torch.tensor([[5, 6, 7, 8, 9, 10, 11, 12]])
    alone = load(pruned)
    before = logits(alone, tokens)
    adapted = logits(PeftModel.from_pretrained(alone, adapter), tokens)
    difference = float((adapted - logits(load(recovered), tokens)).abs().max())
    changed = float((adapted - before).abs().max())
    print(json.dumps({"difference": difference, "changed": changed}))
    return 0 if difference <= TOLERANCE < changed else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
