-- Where sessions' prompt caches are warm, so that a restart does not pay for them anew. Rows go when their cache has gone cold.
CREATE TABLE session_home (
    session BLOB NOT NULL,                    -- 16 bytes: a hash of user and session
    model TEXT NOT NULL,
    endpoint TEXT NOT NULL,
    credential TEXT,
    warm_until INTEGER NOT NULL,              -- milliseconds since 1970
    lifetime_ms INTEGER NOT NULL,
    cached_tokens INTEGER NOT NULL,
    PRIMARY KEY (session, model)
) WITHOUT ROWID;

CREATE INDEX session_home_warm ON session_home (warm_until);
