-- Sums by session and day: what makes a year's report by session a scan of two or three rows a session instead of eight or more.
-- The session leads the key, so that SQLite sums it in the order of the table, without sorting; cost and attempts, by which reports rank,
-- come before the other sums, so that ranking need not decode those.
CREATE TABLE usage_session_day (
    session INTEGER NOT NULL,                 -- 0 is none
    series INTEGER NOT NULL,
    day INTEGER NOT NULL,                     -- days since 1970
    cost_nano INTEGER NOT NULL,
    attempts INTEGER NOT NULL,
    requests INTEGER NOT NULL,
    input INTEGER NOT NULL,
    cache_read INTEGER NOT NULL,
    cache_write_5m INTEGER NOT NULL,
    cache_write_1h INTEGER NOT NULL,
    output INTEGER NOT NULL,
    reasoning INTEGER NOT NULL,
    audio_input INTEGER NOT NULL,
    audio_output INTEGER NOT NULL,
    web_searches INTEGER NOT NULL,
    estimated INTEGER NOT NULL,
    unpriced INTEGER NOT NULL,
    PRIMARY KEY (session, series, day)
) WITHOUT ROWID;

INSERT INTO usage_session_day
    (session, series, day, cost_nano, attempts, requests, input, cache_read, cache_write_5m, cache_write_1h, output, reasoning, audio_input, audio_output, web_searches, estimated, unpriced)
SELECT session, series, hour / 24,
    SUM(cost_nano), SUM(attempts), SUM(requests), SUM(input), SUM(cache_read), SUM(cache_write_5m), SUM(cache_write_1h), SUM(output), SUM(reasoning), SUM(audio_input), SUM(audio_output),
    SUM(web_searches), SUM(estimated), SUM(unpriced)
FROM usage_hour GROUP BY session, series, hour / 24;
