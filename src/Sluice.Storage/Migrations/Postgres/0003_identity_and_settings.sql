-- Who may ask and how much, for all nodes. Times are UTC milliseconds since 1970; money is integer nano-dollars. Names sort by their bytes,
-- whatever the database's language, so that lists look the same everywhere.

CREATE TABLE users (name text COLLATE "C" PRIMARY KEY, created_at bigint NOT NULL);
CREATE TABLE teams (name text COLLATE "C" PRIMARY KEY, created_at bigint NOT NULL);
CREATE TABLE projects (name text COLLATE "C" PRIMARY KEY, created_at bigint NOT NULL);

CREATE TABLE api_keys (
    id text COLLATE "C" PRIMARY KEY,
    name text,
    "user" text COLLATE "C" NOT NULL REFERENCES users (name),
    team text COLLATE "C" REFERENCES teams (name),
    project text COLLATE "C" REFERENCES projects (name),
    models text NOT NULL DEFAULT '',          -- one a line; empty is all
    created_at bigint NOT NULL,
    expires_at bigint,
    revoked_at bigint
);

-- One row for each secret that a key ever had; the one without retired_at is its present one.
CREATE TABLE api_key_secrets (
    hash bytea PRIMARY KEY,                   -- SHA-256 of the secret; the secret itself is nowhere
    key_id text COLLATE "C" NOT NULL REFERENCES api_keys (id),
    prefix text NOT NULL,
    retired_at bigint
);
CREATE INDEX api_key_secrets_by_key ON api_key_secrets (key_id);
CREATE UNIQUE INDEX api_key_secrets_present ON api_key_secrets (key_id) WHERE retired_at IS NULL;

-- Limits that people set while Sluice runs; 0 is none.
CREATE TABLE scope_limits (
    scope text COLLATE "C" PRIMARY KEY,       -- key:ID, user:NAME, team:NAME, project:NAME, model:ID, organization
    rpm bigint NOT NULL,
    input_tpm bigint NOT NULL,
    output_tpm bigint NOT NULL,
    rpd bigint NOT NULL,
    burst bigint NOT NULL,
    concurrency bigint NOT NULL,
    changed_at bigint NOT NULL
);

-- Money that people may spend in a time; what was spent is in the ledger.
CREATE TABLE budgets (
    scope text COLLATE "C" NOT NULL,          -- key:ID, user:NAME, team:NAME, project:NAME, organization
    per text COLLATE "C" NOT NULL,            -- day, week, month
    nano_usd bigint NOT NULL,
    hard integer NOT NULL,                    -- 1: what it cannot pay for is refused
    changed_at bigint NOT NULL,
    PRIMARY KEY (scope, per)
);

-- Where sessions' prompt caches are warm. Rows go when their cache has gone cold.
CREATE TABLE session_home (
    session bytea NOT NULL,                   -- 16 bytes: a hash of user and session
    model text NOT NULL,
    endpoint text NOT NULL,
    credential text,
    warm_until bigint NOT NULL,
    lifetime_ms bigint NOT NULL,
    cached_tokens bigint NOT NULL,
    PRIMARY KEY (session, model)
);
CREATE INDEX session_home_warm ON session_home (warm_until);

-- What models thought before their tool calls, for clients that do not bring it back: put there by user and call, deleted a day after its last use.
CREATE TABLE reasoning (
    "user" text COLLATE "C" NOT NULL,
    key bytea NOT NULL,                       -- 16 bytes: a hash of the turn
    expires_at bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY ("user", key)
);
CREATE INDEX reasoning_expiry ON reasoning (expires_at);

-- Secrets that the nodes make once and share: what seals the ids of jobs.
CREATE TABLE node_secrets (
    name text COLLATE "C" PRIMARY KEY,
    secret bytea NOT NULL
);

-- The nodes that run now, by this database's clock.
CREATE TABLE nodes (
    id text COLLATE "C" PRIMARY KEY,
    host text NOT NULL,
    version text NOT NULL,
    started_at timestamptz NOT NULL DEFAULT now(),
    seen_at timestamptz NOT NULL DEFAULT now()
);

-- Every change of what nodes hold in memory is told to all of them when it is committed, whoever made it, an operator's own SQL too. The payload
-- says what kind has changed; who hears it reads it anew.
CREATE FUNCTION sluice_tell() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_notify('sluice_changes', TG_ARGV[0]);
    RETURN NULL;
END
$$;
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON api_keys FOR EACH STATEMENT EXECUTE FUNCTION sluice_tell('keys');
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON api_key_secrets FOR EACH STATEMENT EXECUTE FUNCTION sluice_tell('keys');
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON scope_limits FOR EACH STATEMENT EXECUTE FUNCTION sluice_tell('limits');
CREATE TRIGGER tell AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON budgets FOR EACH STATEMENT EXECUTE FUNCTION sluice_tell('budgets');
