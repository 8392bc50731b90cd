-- What a PostgreSQL tap may meet: every type, odd names, one table name in two
-- schemas, composite keys, no key, no rows, views, and enough tables and rows
-- for many cuts. NaN and infinities are left out: the tap's own JSON breaks on them.
CREATE EXTENSION hstore;
CREATE EXTENSION citext;
CREATE SCHEMA desk;
CREATE SCHEMA "Back Office";
CREATE SCHEMA ledger;
CREATE TYPE public.size AS ENUM ('small', 'medium', 'large');

-- The same name twice; a profile renames the second for clients that know names only.
CREATE TABLE public.users (
    id integer PRIMARY KEY,
    handle citext NOT NULL UNIQUE,
    full_name text,
    credit numeric(12, 3),
    joined date,
    updated_at timestamptz NOT NULL
);
INSERT INTO public.users
SELECT n, 'handle' || n, CASE WHEN n % 5 <> 0 THEN 'Zoë № ' || n END, n * 1.005,
       date '1999-12-31' + n, timestamptz '2024-03-10 00:00:00+00' + (n / 4) * interval '13 minutes'
FROM generate_series(1, 240) AS n;
CREATE TABLE desk.users (id bigint PRIMARY KEY, remark varchar(40));
INSERT INTO desk.users VALUES (1, 'other schema, same name'), (2, NULL);

-- Every type once full and once null; at its edges in a table of its own, whose
-- values are more than some destinations can hold.
CREATE TABLE public.every_type (
    id bigint PRIMARY KEY,
    a_bool boolean, a_small smallint, a_int integer, a_big bigint,
    a_real real, a_double double precision, a_numeric numeric,
    a_decimal numeric(38, 12), a_whole numeric(20, 0), a_money money,
    a_char char(6), a_varchar varchar(12), a_text text, a_citext citext,
    a_bytes bytea, a_uuid uuid, a_json json, a_jsonb jsonb, a_xml xml,
    a_stamp timestamp, a_stamptz timestamptz, a_stamp0 timestamp(0), a_date date,
    a_time time, a_timetz timetz, a_span interval, a_size public.size,
    many_int integer[], many_text text[], many_stamp timestamptz[], many_json jsonb[],
    a_inet inet, a_cidr cidr, a_mac macaddr, a_point point, a_box box,
    a_range int8range, a_span_range tstzrange, a_map hstore, a_bit bit(4),
    a_varbit varbit, a_oid oid, a_words tsvector
);
INSERT INTO public.every_type VALUES
(1, true, 7, 70000, 7000000000, 0.5, 2.718281828459045, 3.14159265358979323846264338327950288,
 12345678901234567890123456.789012345678, 18446744073709551615, '$12.34',
 'six', 'twelve chars', E'two\nlines\tand "quotes" \\ 😀', 'MiXeD', '\x00ff10', '6f1b3b6c-2f6f-4e0e-9d62-0f7c2f0d9a11',
 '{"z": 1.10, "a": [true, null, {"deep": "ü"}]}', '{"n": 1e300, "k": [1, 2]}', '<r a="1">x</r>',
 '2024-02-29 23:59:59.123456', '2024-02-29 23:59:59.123456-08', '2024-02-29 23:59:59', '2024-02-29',
 '12:34:56.789', '12:34:56+05:30', '3 days 04:05:06', 'medium',
 '{1,NULL,3}', '{"a,b","c\"d",NULL}', '{"2024-01-01 00:00:00+00"}', ARRAY['{"x": [1]}'::jsonb],
 '10.1.2.3/8', '10.1.0.0/16', '01:23:45:67:89:ab', '(1.5,-2.5)', '((0,0),(1,1))',
 '[1,9)', '[2024-01-01 00:00:00+00,2025-01-01 00:00:00+00)', 'k=>v,gone=>NULL', B'1010',
 B'101', 42, 'sharp knives'),
(4, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
 NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE public.every_edge (LIKE public.every_type INCLUDING ALL);
INSERT INTO public.every_edge VALUES
(2, false, -32768, -2147483648, -9223372036854775808, 1e-37, 1.7976931348623157e308, 0.00000000000000000001,
 -0.000000000001, 0, '-$99,999.99', '', '', '', '', '', '00000000-0000-0000-0000-000000000000',
 'null', '{}', '<e/>', '0001-01-01 00:00:00', '0001-01-01 00:00:00+00', '1970-01-01 00:00:00', '0001-01-01',
 '00:00:00', '00:00:00+00', '-1 day', 'small', '{}', '{}', '{}', '{}',
 '::1', '::/0', 'ff:ff:ff:ff:ff:ff', '(0,0)', '((0,0),(0,0))', 'empty', 'empty', '', B'0000', B'', 0, ''),
(3, NULL, 32767, 2147483647, 9223372036854775807, -1e37, 2.2250738585072014e-308, 99999999999999999999999999999999999999,
 NULL, NULL, NULL, NULL, NULL, U&'\2028\0085\007F', NULL, NULL, NULL, '[1, [2, [3]]]', '"text"', NULL,
 '9999-12-31 23:59:59.999999', '9999-12-31 23:59:59.999999+00', NULL, '9999-12-31',
 '23:59:59.999999', '23:59:59.999999-12', '2 hours', 'large', '{{1,2},{3,4}}', NULL, NULL, NULL,
 NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 4294967295, NULL);

-- Names that need quoting everywhere they go.
CREATE TABLE "Back Office"."Stock & Parts.v2" (
    "Part No" integer PRIMARY KEY, "from" text, "camelCase" integer, "größe" numeric(4, 1),
    "dotted.name" text, "a/b" text, "$cost" text, "1st" text, "updated_at" timestamp
);
INSERT INTO "Back Office"."Stock & Parts.v2" VALUES
    (1, 'a', 2, 3.5, 'd', 's', '$', 'one', '2024-05-05 05:05:05'), (2, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);

-- Keys of two parts, no key, no rows, views, partitions, generated columns.
CREATE TABLE desk.order_lines (
    order_no integer, line_no smallint, article text NOT NULL, amount numeric(10, 4),
    labels text[], updated_at timestamp NOT NULL, PRIMARY KEY (order_no, line_no)
);
INSERT INTO desk.order_lines
SELECT n / 4, n % 4, 'article ' || n % 31, n * 0.0125, ARRAY['l' || n % 3, NULL],
       timestamp '2024-06-01' + (n / 10) * interval '1 minute'
FROM generate_series(4, 803) AS n;
CREATE TABLE public.keyless (a integer, b text);
INSERT INTO public.keyless VALUES (1, 'twin'), (1, 'twin'), (NULL, NULL), (2, 'single');
CREATE TABLE public.nothing_here (id integer PRIMARY KEY, v text);
CREATE TABLE desk.nothing_keyless (v text);
CREATE VIEW desk.busy_orders AS
    SELECT order_no, count(*) AS lines, max(updated_at) AS updated_at FROM desk.order_lines GROUP BY order_no;
CREATE MATERIALIZED VIEW desk.article_sums AS
    SELECT article, sum(amount) AS total FROM desk.order_lines GROUP BY article;
CREATE TABLE desk.visits (id integer, day date, place text) PARTITION BY RANGE (day);
CREATE TABLE desk.visits_2024 PARTITION OF desk.visits FOR VALUES FROM ('2024-01-01') TO ('2025-01-01');
INSERT INTO desk.visits SELECT n, date '2024-01-01' + n, 'place ' || n FROM generate_series(1, 30) AS n;
CREATE TABLE desk.derived (
    id integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY, w integer, double_w integer GENERATED ALWAYS AS (w * 2) STORED
);
INSERT INTO desk.derived (w) SELECT generate_series(1, 12);
CREATE TABLE desk.long_text (id integer PRIMARY KEY, body text);
INSERT INTO desk.long_text VALUES (1, repeat('long ', 200000)), (2, repeat('é', 300000)), (3, 'short');

-- The large table: many rows share one updated_at, also where a cut may fall.
CREATE TABLE ledger.entries (
    id bigint PRIMARY KEY, account integer, kind text, amount numeric(14, 2), updated_at timestamptz NOT NULL
);
INSERT INTO ledger.entries
SELECT n, n % 997, (ARRAY['in', 'out', 'fee'])[1 + n % 3], n / 100.0,
       timestamptz '2024-01-01 00:00:00+00' + (n / 7) * interval '3 seconds'
FROM generate_series(1, 25000) AS n;

-- Small tables of one shape, incremental by updated_at: a cut after each.
DO $$
BEGIN
    FOR t IN 1..12 LOOP
        EXECUTE format('CREATE TABLE ledger.month_%s (id integer PRIMARY KEY, note text, updated_at timestamp NOT NULL)', lpad(t::text, 2, '0'));
        EXECUTE format($q$INSERT INTO ledger.month_%s SELECT n, 'note ' || n, timestamp '2024-01-01' + (n / 3) * interval '1 hour' FROM generate_series(1, 50) AS n$q$, lpad(t::text, 2, '0'));
    END LOOP;
END $$;
