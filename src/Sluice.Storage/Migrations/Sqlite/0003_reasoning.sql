-- What models thought before their tool calls, for clients that do not bring it back: put there by user and call, deleted a day after its last use.
CREATE TABLE reasoning (
    user TEXT NOT NULL,
    key BLOB NOT NULL,                        -- 16 bytes: a hash of the turn
    expires_at INTEGER NOT NULL,              -- milliseconds since 1970
    body BLOB NOT NULL,
    PRIMARY KEY (user, key)
);

CREATE INDEX reasoning_expiry ON reasoning (expires_at);
