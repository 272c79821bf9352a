-- Requests of which nothing but tags says what for: few, and else found only by reading every request.
CREATE INDEX IF NOT EXISTS requests_with_tags_alone ON requests (started_at) WHERE tags IS NOT NULL AND project IS NULL AND session IS NULL;
