"""Compares tables as CSV, SQLite and (if Arrow is there) Parquet with the same rows as JSON lines."""

import csv
import json
import sqlite3
import sys


def read_lines(name):
    with open(name + ".jsonl", encoding="utf-8") as file:
        lines = [json.loads(line) for line in file]
    return [line for line in lines if line["type"] == "branch"]


def defused(text):
    """A cell that a spreadsheet would take for a formula begins with a quote."""
    return "'" + text if text[:1] in ("=", "+", "-", "@", "\t", "\r") else text


def as_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def as_text(value):
    if value is None:
        return ""
    return defused(value) if isinstance(value, str) else as_json(value)


def typed(value):
    """What a typed column holds: lists, objects and numbers of more than 64 bits are texts there."""
    is_long = isinstance(value, int) and not -(2**63) <= value < 2**63
    return as_json(value) if is_long or isinstance(value, (list, dict)) else value


def check(reader, name, found, wanted):
    names, rows = found
    assert names == wanted[0], (reader, name, names, wanted[0])
    for row, expected in zip(rows, wanted[1]):
        assert row == expected, (reader, name, row, expected)
    assert len(rows) == len(wanted[1]), (reader, name, len(rows))
    print(f"{reader:<16} {name:<8} {len(rows)} rows, the same")


def read_csv(name):
    with open(name + ".csv", encoding="utf-8", newline="") as file:
        names, *rows = csv.reader(file, strict=True)
    return names, rows


def read_sqlite(name):
    database = sqlite3.connect(f"file:{name}.db?mode=ro", uri=True)
    assert database.execute("pragma integrity_check").fetchone() == ("ok",)
    rows = database.execute("select * from results order by rowid")
    names = [column[0] for column in rows.description]
    return names, [list(row) for row in rows.fetchall()]


def read_parquet(name):
    from pyarrow import parquet

    table = parquet.read_table(name + ".parquet")
    rows = table.to_pylist()
    return table.column_names, [[row[it] for it in table.column_names] for row in rows]


def compare(name, names, rows):
    check("Python's csv", name, read_csv(name), (names, [[as_text(it) for it in row] for row in rows]))
    cells = [[typed(it) for it in row] for row in rows]
    check("Python's sqlite3", name, read_sqlite(name), (names, cells))
    if "--arrow" in sys.argv:
        check("Arrow", name, read_parquet(name), (names, cells))


lines = read_lines("rows")
assert len(lines) == 4, lines
values = [line["value"] for line in lines]
compare(
    "rows",
    ["document", "summary", "word_count", "error"],
    [[it["doc_id"], it["summary"], it["word_count"], None] for it in values],
)

with open("cells.jsonl", encoding="utf-8") as file:
    inputs = {row["id"]: row for row in map(json.loads, file)}
kept = ["cell", "whole", "real", "flag", "list", "long", "mixed", "error"]
lines = read_lines("kept")
assert [line["label"] for line in lines] == list(inputs), lines
for line in lines:
    row = inputs[line["label"]]
    assert line["in"] == {it: row[it] for it in kept if it in row}, line


def row_of(line):
    row, value = inputs[line["label"]], line["value"]
    cells = [row.get(it) for it in kept]
    # A column that holds several kinds is JSON in Parquet and SQLite.
    return [line["label"], *cells, value["summary"], value["word_count"], None]


names = ["document", *["in.error" if it == "error" else it for it in kept], "summary", "word_count", "error"]
rows = [row_of(line) for line in lines]
mixed = names.index("mixed")
check("Python's csv", "kept", read_csv("kept"), (names, [[as_text(it) for it in row] for row in rows]))
cells = [[typed(it) for it in row] for row in rows]
for row, source in zip(cells, rows):
    row[mixed] = None if source[mixed] is None else as_json(source[mixed])
check("Python's sqlite3", "kept", read_sqlite("kept"), (names, cells))
if "--arrow" in sys.argv:
    check("Arrow", "kept", read_parquet("kept"), (names, cells))
