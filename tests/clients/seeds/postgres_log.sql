-- What a tap reads from PostgreSQL's log: tables with keys of one part and of two, one
-- that keeps whole rows for want of a key, one without rows, a name that needs quoting.
-- `steady` and `pages` are read in other ways in the same run.
CREATE SCHEMA shop;
CREATE TABLE shop.people (
    id integer PRIMARY KEY, name text NOT NULL, credit numeric(12, 2),
    born date, seen_at timestamptz, tags text[], extra jsonb
);
INSERT INTO shop.people
SELECT n, 'person ' || n, n * 1.25, date '1980-01-01' + n,
       timestamptz '2026-01-01 00:00:00+00' + n * interval '7 minutes',
       ARRAY['t' || n % 3, 'ü'], jsonb_build_object('n', n)
FROM generate_series(1, 120) AS n;
CREATE TABLE shop.order_lines (
    order_no integer, line_no smallint, article text NOT NULL, amount integer,
    PRIMARY KEY (order_no, line_no)
);
INSERT INTO shop.order_lines
SELECT n / 3, n % 3, 'article ' || n % 11, n FROM generate_series(3, 92) AS n;
CREATE TABLE shop.notes (at integer, body text);
ALTER TABLE shop.notes REPLICA IDENTITY FULL;
INSERT INTO shop.notes SELECT n, 'note ' || n FROM generate_series(1, 20) AS n;
CREATE TABLE shop.later (id bigint PRIMARY KEY, word text);
CREATE TABLE shop."Mixed-Name" (id integer PRIMARY KEY, "größe" text);
INSERT INTO shop."Mixed-Name" SELECT n, 'g' || n FROM generate_series(1, 15) AS n;
CREATE TABLE shop.steady (id integer PRIMARY KEY, body text, updated_at timestamptz NOT NULL);
INSERT INTO shop.steady
SELECT n, 'body ' || n, timestamptz '2026-02-01 00:00:00+00' + n * interval '1 hour'
FROM generate_series(1, 40) AS n;
CREATE TABLE shop.pages (id integer PRIMARY KEY, body text);
INSERT INTO shop.pages SELECT n, 'page ' || n FROM generate_series(1, 10) AS n;
