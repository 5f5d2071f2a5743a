"""Writes the Parquet files beside it with pyarrow 25 and fastparquet 2026.9, and what is in them as JSON Lines."""

import json
import pathlib

import pandas
import pyarrow
import pyarrow.parquet


def row(i):
    return {
        "text": None if i == 5 else "Row %d: Käse, 漢字, 😀 %s" % (i, "and so on " * (i % 3)),
        "count": i * 10_000_000_000,
        "small": i,
        "share": i / 8,
        "right": i % 2 == 0,
        "choices": {"text": ["one", "two %d" % i, None][: i % 4], "label": ["A", "B"]},
        "messages": [{"role": "user", "content": "Hi %d" % i}, {"role": "assistant", "content": None}],
        "deep": [[1, 2], [], None, [i]],
    }


rows = [row(i) for i in range(40)]
with open("rows.jsonl", "w", encoding="utf-8") as out:
    for values in rows:
        out.write(json.dumps(values, ensure_ascii=False) + "\n")

table = pyarrow.Table.from_pylist(rows)
table = table.set_column(2, "small", table["small"].cast(pyarrow.int32()))
for name, options in {
    "none": {},
    "snappy": {"data_page_version": "2.0"},
    "zstd": {"use_dictionary": False},
    "gzip": {"write_page_checksum": True},
    "lz4": {"data_page_version": "2.0", "use_dictionary": False},
}.items():
    pyarrow.parquet.write_table(table, name + ".parquet", compression=name, row_group_size=16, **options)
pyarrow.parquet.write_table(table.slice(0, 2), "brotli.parquet", compression="brotli")
pyarrow.parquet.write_table(table.slice(0, 0), "empty.parquet")

# Another writer, which knows no groups.
flat = ["text", "count", "share"]
pandas.DataFrame([{name: values[name] for name in flat} for values in rows]).to_parquet("flat.parquet", engine="fastparquet")

# The demo's questions.
for path in sorted(pathlib.Path("../../../../../deploy/demo/tasks").glob("*.jsonl")):
    questions = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    pyarrow.parquet.write_table(pyarrow.Table.from_pylist(questions), "tasks/" + path.stem + ".parquet")
