"""Compares a table as CSV and as Parquet with the same rows as JSON lines."""

import csv
import json
import sqlite3

from pyarrow import parquet

NAMES = ["document", "summary", "word_count", "error"]


def expected():
    with open("rows.jsonl", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    values = [line["value"] for line in lines if line["type"] == "branch"]
    assert len(values) == 4, values
    return [[it["doc_id"], it["summary"], it["word_count"], None] for it in values]


def defused(text):
    """A cell that a spreadsheet would take for a formula begins with a quote."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_text(row):
    cells = ["" if it is None else it for it in row]
    return [defused(it) if isinstance(it, str) else str(it) for it in cells]


def check(reader, names, rows, wanted):
    assert names == NAMES, (reader, names)
    assert rows == wanted, (reader, rows, wanted)
    print(f"{reader:<22} {len(rows)} rows, the same")


wanted = expected()
texts = [as_text(row) for row in wanted]

with open("rows.csv", encoding="utf-8", newline="") as file:
    names, *rows = csv.reader(file, strict=True)
check("Python's csv", names, rows, texts)

database = sqlite3.connect(":memory:")
database.execute("create table rows (document text, summary text, word_count integer, error text)")
database.executemany("insert into rows values (?, ?, ?, ?)", rows)
cells = database.execute("select * from rows order by rowid").fetchall()
numbers = [row[:2] + [int(row[2])] + row[3:] for row in texts]
check("SQLite, by its types", NAMES, [list(row) for row in cells], numbers)

table = parquet.read_table("rows.parquet")
rows = [[row[name] for name in NAMES] for row in table.to_pylist()]
check("Arrow, of Parquet", table.column_names, rows, wanted)
