"""Writes expected.json: what lm-evaluation-harness 0.4.13 makes of pages of WikiText, with transformers in fp64.

python make_expected.py MODEL_FOLDER PAGES expected.json, where lm_eval, torch and transformers are installed. Pages begin as in
its data set EleutherAI/wikitext_document_level; prose, windows and the counts are the harness's own functions.
"""
import json
import math
import sys

import torch
from lm_eval.tasks.wikitext.preprocess_wikitext import process_results, wikitext_detokenizer
from lm_eval.utils import get_rolling_token_windows, make_disjoint_window
from transformers import AutoModelForCausalLM, AutoTokenizer


def pages(text):
    lines = []
    for line in text.split("\n"):
        title = line.replace("= = =", "===").replace("= =", "==").strip()
        if title.startswith("= ") and title.endswith(" ="):
            if "\n".join(lines).strip():
                yield "\n".join(lines)
            lines = []
        lines.append(line)
    yield "\n".join(lines)


folder, source, target = sys.argv[1:]
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float64).eval()
prefix = tokenizer.eos_token_id if tokenizer.bos_token_id is None else tokenizer.bos_token_id
longest = model.config.max_position_embeddings
found = []
for page in pages(open(source, encoding="utf-8").read()):
    text = wikitext_detokenizer({"page": page})
    ids = tokenizer.encode(text)
    windows = [make_disjoint_window(pair) for pair in get_rolling_token_windows(ids, prefix, longest, 1)]
    likelihood = 0.0
    for context, judged in windows:
        with torch.no_grad():
            logits = model(torch.tensor([(context + judged)[:-1]])).logits[0]
        chosen = torch.log_softmax(logits, -1)[-len(judged):].gather(1, torch.tensor(judged)[:, None])
        likelihood += chosen.sum().item()
    counts = process_results({"page": page}, [likelihood])
    found.append({
        "text": text,
        "tokens": len(ids),
        "windows": [[len(context), len(judged)] for context, judged in windows],
        "log_likelihood": likelihood,
        "words": counts["word_perplexity"][1],
        "bytes": counts["byte_perplexity"][1],
    })
likelihood = sum(page["log_likelihood"] for page in found)
per_byte = -likelihood / sum(page["bytes"] for page in found)
with open(target, "w", encoding="utf-8") as file:
    json.dump({
        "max_length": longest,
        "pages": found,
        "word_perplexity": math.exp(-likelihood / sum(page["words"] for page in found)),
        "byte_perplexity": math.exp(per_byte),
        "bits_per_byte": per_byte / math.log(2),
    }, file, indent=1, ensure_ascii=False)
