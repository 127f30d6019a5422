-- How runs went: what was sent and answered, and how long it took. Nothing of it is ever given out as
-- an answer. Times are microseconds, since 1970 or long.

-- What all calls of an agent are told: instructions and schema, compressed JSON.
CREATE TABLE frames (
    id INTEGER PRIMARY KEY,
    digest BLOB NOT NULL UNIQUE,
    text BLOB NOT NULL
) STRICT;

-- What one call was asked: the rest of its request as JSON and its texts behind it, compressed if that is long.
CREATE TABLE prompts (
    id INTEGER PRIMARY KEY,
    frame INTEGER NOT NULL REFERENCES frames,
    text BLOB NOT NULL
) STRICT;

-- The branches of each session of a run; one without an ending is under way, or was when its session
-- was broken off.
CREATE TABLE branches (
    run INTEGER NOT NULL,
    session INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    role TEXT NOT NULL,
    label TEXT NOT NULL,
    began INTEGER NOT NULL,
    ended INTEGER,
    ending INTEGER,
    error TEXT,
    PRIMARY KEY (run, session, branch)
) STRICT, WITHOUT ROWID;

-- The calls of each run, in the order in which they ended.
CREATE TABLE run_calls (
    run INTEGER NOT NULL,
    number INTEGER NOT NULL,
    session INTEGER NOT NULL,
    branch INTEGER NOT NULL,
    -- Which call of its branch.
    nth INTEGER NOT NULL,
    model INTEGER NOT NULL REFERENCES models,
    began INTEGER NOT NULL,
    took INTEGER NOT NULL,
    ending INTEGER NOT NULL,
    -- Its answer and bill, if it was paid for, now or before.
    call INTEGER,
    -- What was asked, if it has no row there.
    prompt INTEGER,
    -- Picodollars.
    cost INTEGER,
    -- Attempts and trouble, as JSON.
    more TEXT NOT NULL,
    PRIMARY KEY (run, number)
) STRICT, WITHOUT ROWID;

-- What came of each run, compressed JSON, in the words of whoever ran it.
CREATE TABLE results (
    run INTEGER PRIMARY KEY,
    result BLOB NOT NULL
) STRICT;
