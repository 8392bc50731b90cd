-- What a MySQL tap may meet: every type, odd names, one table name in two
-- databases, composite keys, no key, no rows, a view, and enough tables and rows
-- for many cuts.
SET sql_mode = 'STRICT_ALL_TABLES';
SET time_zone = '+00:00';
CREATE DATABASE front CHARACTER SET utf8mb4;
CREATE DATABASE back CHARACTER SET utf8mb4;
USE front;

-- The same name twice; a profile renames the second for clients that know names only.
CREATE TABLE users (
    id int unsigned AUTO_INCREMENT PRIMARY KEY, handle varchar(60) NOT NULL UNIQUE, full_name varchar(80),
    active tinyint(1), credit decimal(12, 3), joined date, updated_at datetime(6) NOT NULL
);
INSERT INTO users (handle, full_name, active, credit, joined, updated_at)
SELECT concat('handle', seq), if(seq % 5 = 0, NULL, concat('Zoë 😀 ', seq)), seq % 2, seq * 1.005,
       '1999-12-31' + INTERVAL seq DAY, '2024-03-10' + INTERVAL (seq DIV 4) * 13 MINUTE
FROM seq_1_to_240;
CREATE TABLE back.users (id bigint PRIMARY KEY, remark varchar(40));
INSERT INTO back.users VALUES (1, 'other database, same name'), (2, NULL);

-- Every type once full and once null; at its edges in a table of its own, whose
-- values are more than some destinations can hold.
CREATE TABLE every_type (
    id bigint unsigned PRIMARY KEY,
    a_tiny tinyint, a_tiny_u tinyint unsigned, a_flag tinyint(1), a_small smallint, a_medium mediumint,
    a_int int, a_int_u int unsigned, a_big bigint, a_big_u bigint unsigned,
    a_decimal decimal(38, 12), a_whole decimal(20, 0), a_wide decimal(65, 30),
    a_float float, a_double double, a_bit1 bit(1), a_bits bit(8),
    a_char char(6), a_varchar varchar(12), a_text text, a_long longtext,
    a_binary binary(4), a_varbinary varbinary(8), a_blob blob, a_choice enum('x', 'y'), some_of set('p', 'q'),
    a_date date, a_datetime datetime, a_datetime6 datetime(6), a_stamp timestamp NULL,
    a_time time, a_time3 time(3), a_year year, a_json json, a_place point
);
INSERT INTO every_type VALUES
(1, 7, 200, 1, 700, 70000, 7000000, 4294967295, 7000000000, 9223372036854775807,
 12345678901234567890123456.789012345678, 18446744073709551615, 12345.000000000000000000000000000001,
 0.5, 2.718281828459045, b'1', b'10101010', 'six', 'twelve chars', 'two\nlines\tand "quotes" \\ 😀', 'long',
 x'00ff10ab', x'ff00', x'deadbeef', 'x', 'p,q',
 '2024-02-29', '2024-02-29 23:59:59', '2024-02-29 23:59:59.123456', '2024-02-29 23:59:59',
 '12:34:56', '12:34:56.789', 2024, '{"z": 1.10, "a": [true, null, {"deep": "ü"}]}', point(1.5, -2.5)),
(3, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
 NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE every_edge LIKE every_type;
INSERT INTO every_edge VALUES
(18446744073709551615, -128, 0, 0, -32768, -8388608, -2147483648, 0, -9223372036854775808, 18446744073709551615,
 -0.000000000001, 0, -12345678901234567890123456789012345.000000000000000000000000000001, -1e37, 1.7976931348623157e308, b'0', b'0', '', '', '', '',
 x'00', x'', x'', 'y', '', '1000-01-01', '1000-01-01 00:00:00', '9999-12-31 23:59:59.999999', '1970-01-01 00:00:01',
 '00:00:00', '23:59:59.999', 1901, '[]', point(0, 0));

-- Times beyond a day and below zero: the tap writes what no time format allows.
CREATE TABLE odd_times (id int PRIMARY KEY, t time);
INSERT INTO odd_times VALUES (1, '838:59:59'), (2, '-12:00:00'), (3, '11:11:11');

-- Names that need quoting everywhere they go.
CREATE TABLE `stock & parts.v2` (
    `part no` int PRIMARY KEY, `from` text, `camelCase` int, `größe` decimal(4, 1), `dotted.name` text, `a/b` text, `$cost` text
);
INSERT INTO `stock & parts.v2` VALUES (1, 'a', 2, 3.5, 'd', 's', '$'), (2, NULL, NULL, NULL, NULL, NULL, NULL);

-- Keys of two parts, no key, no rows, a view.
CREATE TABLE back.order_lines (
    order_no int, line_no smallint, article text NOT NULL, amount decimal(10, 4), updated_at datetime NOT NULL,
    PRIMARY KEY (order_no, line_no)
);
INSERT INTO back.order_lines
SELECT seq DIV 4, seq % 4, concat('article ', seq % 31), seq * 0.0125, '2024-06-01' + INTERVAL (seq DIV 10) MINUTE
FROM seq_4_to_803;
CREATE TABLE keyless (a int, b varchar(20));
INSERT INTO keyless VALUES (1, 'twin'), (1, 'twin'), (NULL, NULL), (2, 'single');
CREATE TABLE nothing_here (id int PRIMARY KEY, v text);
CREATE VIEW back.busy_orders AS
    SELECT order_no, count(*) AS line_count, max(updated_at) AS updated_at FROM back.order_lines GROUP BY order_no;

-- The large table: many rows share one updated_at, also where a cut may fall.
CREATE TABLE back.entries (
    id bigint PRIMARY KEY, account int, kind varchar(3), amount decimal(14, 2), updated_at datetime NOT NULL
);
INSERT INTO back.entries
SELECT seq, seq % 997, elt(1 + seq % 3, 'in', 'out', 'fee'), seq / 100, '2024-01-01' + INTERVAL (seq DIV 7) * 3 SECOND
FROM seq_1_to_18000;
