-- Times are UTC milliseconds since 1970; money is integer nano-dollars; enumerations are stored by name.

CREATE TABLE users (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE teams (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE projects (name TEXT PRIMARY KEY, created_at INTEGER NOT NULL) WITHOUT ROWID;

CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    name TEXT,
    user TEXT NOT NULL REFERENCES users (name),
    team TEXT REFERENCES teams (name),
    project TEXT REFERENCES projects (name),
    models TEXT NOT NULL DEFAULT '',          -- one a line; empty is all
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER
) WITHOUT ROWID;

-- One row for each secret that a key ever had; the one without retired_at is its present one.
CREATE TABLE api_key_secrets (
    hash BLOB PRIMARY KEY,                    -- SHA-256 of the secret; the secret itself is nowhere
    key_id TEXT NOT NULL REFERENCES api_keys (id),
    prefix TEXT NOT NULL,
    retired_at INTEGER
) WITHOUT ROWID;
CREATE INDEX api_key_secrets_by_key ON api_key_secrets (key_id);

CREATE TABLE requests (
    id INTEGER PRIMARY KEY,
    request_id TEXT NOT NULL UNIQUE,
    started_at INTEGER NOT NULL,
    ended_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    user TEXT NOT NULL,
    team TEXT,
    project TEXT,
    session TEXT,
    client TEXT,
    requested_model TEXT NOT NULL,
    model TEXT,
    client_protocol TEXT NOT NULL,
    stream INTEGER NOT NULL,
    status INTEGER NOT NULL,
    error TEXT,
    error_source TEXT,
    cause TEXT,
    remedy TEXT,
    route TEXT,
    attempts INTEGER NOT NULL,
    degraded TEXT,
    left_out TEXT,
    tags TEXT
);

CREATE TABLE attempts (
    id INTEGER PRIMARY KEY,
    attempt_id TEXT NOT NULL UNIQUE,
    request_id TEXT NOT NULL,
    ordinal INTEGER NOT NULL,
    started_at INTEGER NOT NULL,
    key_id TEXT NOT NULL,
    user TEXT NOT NULL,
    team TEXT,
    project TEXT,
    session TEXT,
    client TEXT,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    upstream_model TEXT NOT NULL,
    credential TEXT,
    client_protocol TEXT NOT NULL,
    upstream_protocol TEXT NOT NULL,
    estimated_input INTEGER NOT NULL,
    estimated_cost_nano INTEGER,
    -- All below is null while the attempt runs.
    ended_at INTEGER,
    outcome TEXT,
    fault TEXT,
    status INTEGER,
    message TEXT,
    upstream_request_id TEXT,
    first_token_ms INTEGER,
    input INTEGER,                            -- token counts: null is "not reported"
    cache_read INTEGER,
    cache_write_5m INTEGER,
    cache_write_1h INTEGER,
    output INTEGER,
    reasoning INTEGER,
    audio_input INTEGER,
    audio_output INTEGER,
    web_searches INTEGER,
    service_tier TEXT,
    reported_cost_nano INTEGER,
    iterations TEXT,                          -- JSON, where the provider reported inner calls
    anomalous INTEGER,
    estimated INTEGER,
    cost_nano INTEGER,
    unpriced INTEGER,
    price_source TEXT
);
CREATE INDEX attempts_by_request ON attempts (request_id);
CREATE INDEX attempts_running ON attempts (id) WHERE ended_at IS NULL;

-- Sums for reports, kept in the transaction that stores the attempt, so that they always agree with the rows above.
-- A series is one combination of everything that a report groups by except time and session: a few thousand in a year.
-- By the hour with the session: a developer has one or two sessions in an hour, so the session hardly adds rows.
-- By the day without it: what makes a year's report a scan of some ten thousand rows of integers.
CREATE TABLE usage_series (
    id INTEGER PRIMARY KEY,
    key_id TEXT NOT NULL,                     -- '' is none, here and below: null would not be unique
    user TEXT NOT NULL,
    team TEXT NOT NULL,
    project TEXT NOT NULL,
    model TEXT NOT NULL,
    provider TEXT NOT NULL,
    client TEXT NOT NULL,
    cause TEXT NOT NULL,
    UNIQUE (key_id, user, team, project, model, provider, client, cause)
);

CREATE TABLE usage_sessions (id INTEGER PRIMARY KEY, session TEXT NOT NULL UNIQUE);

CREATE TABLE usage_hour (
    hour INTEGER NOT NULL,                    -- hours since 1970
    series INTEGER NOT NULL,
    session INTEGER NOT NULL,                 -- 0 is none
    requests INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    audio_input INTEGER NOT NULL,
    audio_output INTEGER NOT NULL,
    web_searches INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    PRIMARY KEY (hour, series, session)
) WITHOUT ROWID;

CREATE TABLE usage_day (
    day INTEGER NOT NULL,                     -- days since 1970
    series INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    audio_input INTEGER NOT NULL,
    audio_output INTEGER NOT NULL,
    web_searches INTEGER NOT NULL,
    cost_nano INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    PRIMARY KEY (day, series)
) WITHOUT ROWID;

CREATE TABLE journal_position (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    segment INTEGER NOT NULL,
    offset INTEGER NOT NULL
);
