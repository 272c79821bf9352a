-- The ledger of all nodes. Times are UTC milliseconds since 1970; money is integer nano-dollars; enumerations are stored by name. Texts sort by
-- their bytes, whatever the database's language.

-- A node is a data folder. Its position says how far its journal has been taken, in the transaction that took it.
CREATE TABLE ledger_nodes (
    number integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    segment bigint NOT NULL DEFAULT 0,
    "offset" bigint NOT NULL DEFAULT 0
);

CREATE TABLE requests (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id text COLLATE "C" NOT NULL UNIQUE,
    started_at bigint NOT NULL,
    ended_at bigint NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    "user" text COLLATE "C" NOT NULL,
    team text COLLATE "C",
    project text COLLATE "C",
    session text COLLATE "C",
    client text COLLATE "C",
    requested_model text COLLATE "C" NOT NULL,
    model text COLLATE "C",
    client_protocol text COLLATE "C" NOT NULL,
    stream boolean NOT NULL,
    status integer NOT NULL,
    error text COLLATE "C",
    error_source text COLLATE "C",
    cause text,
    remedy text,
    route text,
    attempts integer NOT NULL,
    degraded text,
    left_out text,
    tags text
);

-- Requests of which nothing but tags says what for: few, and else found only by reading every request.
CREATE INDEX requests_with_tags_alone ON requests (started_at) WHERE tags IS NOT NULL AND project IS NULL AND session IS NULL;

CREATE TABLE attempts (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    attempt_id text COLLATE "C" NOT NULL UNIQUE,
    node integer NOT NULL,
    request_id text COLLATE "C" NOT NULL,
    ordinal integer NOT NULL,
    started_at bigint NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    "user" text COLLATE "C" NOT NULL,
    team text COLLATE "C",
    project text COLLATE "C",
    session text COLLATE "C",
    client text COLLATE "C",
    model text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    upstream_model text COLLATE "C" NOT NULL,
    credential text COLLATE "C",
    client_protocol text COLLATE "C" NOT NULL,
    upstream_protocol text COLLATE "C" NOT NULL,
    estimated_input bigint NOT NULL,
    estimated_cost_nano bigint,
    -- All below is null while the attempt runs.
    ended_at bigint,
    outcome text COLLATE "C",
    fault text COLLATE "C",
    status integer,
    message text,
    upstream_request_id text,
    first_token_ms bigint,
    input bigint,                             -- token counts: null is "not reported"
    cache_read bigint,
    cache_write_5m bigint,
    cache_write_1h bigint,
    output bigint,
    reasoning bigint,
    audio_input bigint,
    audio_output bigint,
    web_searches bigint,
    service_tier text,
    reported_cost_nano bigint,
    iterations text,                          -- JSON, where the provider reported inner calls
    anomalous boolean,
    estimated boolean,
    cost_nano bigint,
    unpriced boolean,
    price_source text,
    media text                                -- JSON, for images, sound and video
);
CREATE INDEX attempts_by_request ON attempts (request_id);
-- Rows come in the order of several journals, some of them hours late: their numbers say nothing about time.
CREATE INDEX attempts_by_time ON attempts (started_at);
CREATE INDEX attempts_running ON attempts (node, started_at) WHERE ended_at IS NULL;

-- Sums for reports, kept in the transaction that stores the attempt, so that they always agree with the rows above.
-- A series is one combination of everything that a report groups by except time and session: a few thousand in a year. Series and sessions are
-- found by a hash: an index over eight texts of a client's choosing could refuse the longest.
CREATE TABLE usage_series (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash uuid NOT NULL UNIQUE,
    key_id text COLLATE "C" NOT NULL,         -- '' is none, here and below
    "user" text COLLATE "C" NOT NULL,
    team text COLLATE "C" NOT NULL,
    project text COLLATE "C" NOT NULL,
    model text COLLATE "C" NOT NULL,
    provider text COLLATE "C" NOT NULL,
    client text COLLATE "C" NOT NULL,
    cause text COLLATE "C" NOT NULL
);

CREATE TABLE usage_sessions (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    hash uuid NOT NULL UNIQUE,
    session text COLLATE "C" NOT NULL
);

-- Pages with room: the sums of the present hour are written anew with every batch, in their own page where they can be.
CREATE TABLE usage_hour (
    hour integer NOT NULL,                    -- hours since 1970
    series integer NOT NULL,
    session integer NOT NULL,                 -- 0 is none
    requests bigint NOT NULL,
    attempts bigint NOT NULL,
    input bigint NOT NULL,
    cache_read bigint NOT NULL,
    cache_write_5m bigint NOT NULL,
    cache_write_1h bigint NOT NULL,
    output bigint NOT NULL,
    reasoning bigint NOT NULL,
    audio_input bigint NOT NULL,
    audio_output bigint NOT NULL,
    web_searches bigint NOT NULL,
    cost_nano bigint NOT NULL,
    estimated bigint NOT NULL,
    unpriced bigint NOT NULL,
    PRIMARY KEY (hour, series, session)
) WITH (fillfactor = 80);

CREATE TABLE usage_day (
    day integer NOT NULL,                     -- days since 1970
    series integer NOT NULL,
    requests bigint NOT NULL,
    attempts bigint NOT NULL,
    input bigint NOT NULL,
    cache_read bigint NOT NULL,
    cache_write_5m bigint NOT NULL,
    cache_write_1h bigint NOT NULL,
    output bigint NOT NULL,
    reasoning bigint NOT NULL,
    audio_input bigint NOT NULL,
    audio_output bigint NOT NULL,
    web_searches bigint NOT NULL,
    cost_nano bigint NOT NULL,
    estimated bigint NOT NULL,
    unpriced bigint NOT NULL,
    PRIMARY KEY (day, series)
) WITH (fillfactor = 80);

CREATE TABLE usage_session_day (
    session integer NOT NULL,                 -- 0 is none
    series integer NOT NULL,
    day integer NOT NULL,
    cost_nano bigint NOT NULL,                -- by these two reports rank all sessions: columns behind need not be decoded then
    attempts bigint NOT NULL,
    requests bigint NOT NULL,
    input bigint NOT NULL,
    cache_read bigint NOT NULL,
    cache_write_5m bigint NOT NULL,
    cache_write_1h bigint NOT NULL,
    output bigint NOT NULL,
    reasoning bigint NOT NULL,
    audio_input bigint NOT NULL,
    audio_output bigint NOT NULL,
    web_searches bigint NOT NULL,
    estimated bigint NOT NULL,
    unpriced bigint NOT NULL,
    PRIMARY KEY (session, series, day)
) WITH (fillfactor = 85);
