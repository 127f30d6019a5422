"""Reads event files with nothing but the published schema, as a consumer would who knows no more of the program."""

import collections
import json
import sys

import jsonschema

schema_file, *files = sys.argv[1:]
with open(schema_file, encoding="utf-8") as file:
    schema = json.load(file)
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema)

names = collections.Counter()
problems = []
for name in files:
    with open(name, encoding="utf-8") as file:
        events = [json.loads(line) for line in file]
    for number, event in enumerate(events, 1):
        names[event.get("event")] += 1
        for error in validator.iter_errors(event):
            problems.append(f"{name}:{number}: {error.message}: {event}")
    first, last = events[0], events[-1]
    if first.get("event") != "event_file_begun" or first.get("version") != 1:
        problems.append(f"{name}: begins with {first}")
    if last.get("event") != "run_finished":
        problems.append(f"{name}: ends with {last}")
    if [it["time"] for it in events] != sorted(it["time"] for it in events):
        problems.append(f"{name}: time goes back")
    # What begins has to end, once.
    begun = collections.Counter(str(it["origin"]) for it in events if it["event"] == "branch_started")
    ends = ("branch_answered", "branch_failed", "branch_cancelled")
    ended = collections.Counter(str(it["origin"]) for it in events if it["event"] in ends)
    if begun != ended or set(begun.values()) != {1}:
        problems.append(f"{name}: {begun - ended} did not end, {ended - begun} did not begin")

# A schema that takes everything would prove nothing.
for wrong in ({}, {"event": "no_such_event", "time": 1}, {"event": "branch_started", "time": 1}, {"event": "run_started"}):
    if validator.is_valid(wrong):
        problems.append(f"the schema takes {wrong}")
for problem in problems[:20]:
    print(problem, file=sys.stderr)
print(f"  {sum(names.values())} events of {len(files)} files, {len(names)} kinds: {', '.join(sorted(names))}")
sys.exit(bool(problems))
