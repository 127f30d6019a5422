-- Which version of the tables this is; one row.
CREATE TABLE patterns_store (version INTEGER NOT NULL);

-- Every call that was paid for. At most one of equal calls is 'answered', and only that one is ever given
-- out again; what others cost stays known.
CREATE TABLE patterns_calls (
    id BIGINT GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    key BYTEA NOT NULL CHECK (octet_length(key) = 32),
    status TEXT NOT NULL,
    -- Who paid: a number that stands for a run of some process.
    payer BIGINT NOT NULL,
    at TIMESTAMPTZ NOT NULL DEFAULT now(),
    model TEXT NOT NULL,
    attempts BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL,
    -- The answer with its bill, as JSON; bytes, since a text of Postgres cannot hold every character.
    response BYTEA NOT NULL,
    digest BYTEA NOT NULL
);
CREATE UNIQUE INDEX patterns_answers ON patterns_calls (key) WHERE status = 'answered';

-- What calls have cost that were removed.
CREATE TABLE patterns_removed (
    model TEXT PRIMARY KEY,
    calls BIGINT NOT NULL,
    attempts BIGINT NOT NULL,
    input_tokens BIGINT NOT NULL,
    cached_input_tokens BIGINT NOT NULL,
    output_tokens BIGINT NOT NULL,
    reasoning_tokens BIGINT NOT NULL
);
