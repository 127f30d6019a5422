-- Every call that was paid for, in the order of payment. At most one of equal calls has the status
-- 0 (answered), and only that one is ever given out again; what others cost stays known.
CREATE TABLE calls (
    id INTEGER PRIMARY KEY,
    key BLOB NOT NULL,
    status INTEGER NOT NULL,
    run INTEGER NOT NULL,
    at INTEGER NOT NULL DEFAULT (unixepoch()),
    model INTEGER NOT NULL REFERENCES models,
    attempts INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    body BLOB NOT NULL,
    digest BLOB NOT NULL,
    -- What was asked, if that is kept.
    prompt INTEGER
) STRICT;
CREATE UNIQUE INDEX answers ON calls (key) WHERE status = 0;
CREATE INDEX calls_of_runs ON calls (run);

CREATE TABLE models (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL UNIQUE
) STRICT;

CREATE TABLE runs (
    id INTEGER PRIMARY KEY,
    identity BLOB NOT NULL,
    job TEXT NOT NULL,
    started INTEGER NOT NULL DEFAULT (unixepoch()),
    sessions INTEGER NOT NULL DEFAULT 1,
    ended INTEGER,
    outcome TEXT,
    -- Attempts that were under way when a session was killed.
    lost INTEGER NOT NULL DEFAULT 0,
    -- What it has spent and reserved, as JSON; kept before anything is sent.
    account TEXT,
    -- Nothing is written there any more; plans have a table. It stays, since older programs name it.
    estimate TEXT
) STRICT;
CREATE INDEX runs_by_identity ON runs (identity);

-- What was worth noting in a run; what its branches did is in its calls and its outcome.
CREATE TABLE notes (
    run INTEGER NOT NULL,
    at INTEGER NOT NULL DEFAULT (unixepoch()),
    event TEXT NOT NULL
) STRICT;
CREATE INDEX notes_of_runs ON notes (run);

-- What the result of a run was made of, in the words of whoever ran it.
CREATE TABLE traces (
    run INTEGER PRIMARY KEY,
    trace TEXT NOT NULL
) STRICT;

-- What calls have cost that were removed.
CREATE TABLE removed (
    run INTEGER NOT NULL,
    model INTEGER NOT NULL REFERENCES models,
    calls INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    input_tokens INTEGER NOT NULL,
    cached_input_tokens INTEGER NOT NULL,
    output_tokens INTEGER NOT NULL,
    reasoning_tokens INTEGER NOT NULL,
    PRIMARY KEY (run, model)
) STRICT;

-- Tells this store from all others.
CREATE TABLE identity (id BLOB NOT NULL) STRICT;
INSERT INTO identity (id) VALUES (randomblob(16));
