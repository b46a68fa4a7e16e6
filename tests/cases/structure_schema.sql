-- Every feature of a table's definition that MariaDB 10.11 and MySQL 8 to 9 know and
-- a migration may meet. structure_test.cpp adds more tables by loops. Each table has
-- a row. What stands in a comment with M is for MariaDB only, with 8 for MySQL only.
SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET sql_mode = '';
SET foreign_key_checks = 0;
/*!80400 SET SESSION restrict_fk_on_non_standard_key = OFF */;

CREATE TABLE prefix_index (id int PRIMARY KEY, a varchar(100), b text, c varbinary(100), d blob, KEY (a(10)), KEY ab (a, b(20)), KEY (d(5)), UNIQUE u (c(8)), UNIQUE (b(30)));
INSERT INTO prefix_index VALUES (1, 'a', 'b', x'00', x'01');
CREATE TABLE fulltext_index (id int PRIMARY KEY, title varchar(200), body text, FULLTEXT KEY (title), FULLTEXT both_columns (title, body));
INSERT INTO fulltext_index VALUES (1, 'hello', 'world');
CREATE TABLE descending (id int, b int, PRIMARY KEY (id), KEY down (b DESC, id ASC), UNIQUE KEY up (b, id DESC));
INSERT INTO descending VALUES (1, 1);
CREATE TABLE spatial_index (id int PRIMARY KEY, p point NOT NULL, SPATIAL KEY (p));
INSERT INTO spatial_index VALUES (1, ST_GeomFromText('POINT(1 2)'));
CREATE TABLE by_generated (id int PRIMARY KEY, name varchar(50), low varchar(50) AS (lower(name)) VIRTUAL, year_ int AS (year(d)) STORED, d date, KEY (low), KEY (year_));
INSERT INTO by_generated (id, name, d) VALUES (1, 'ABC', '2020-05-05');
CREATE TABLE hash_index (id int PRIMARY KEY, v int, KEY USING HASH (v)) ENGINE = MEMORY;
INSERT INTO hash_index VALUES (1, 1);
CREATE TABLE same_index_names_1 (id int PRIMARY KEY, v int, KEY idx (v), UNIQUE uniq (v, id));
CREATE TABLE same_index_names_2 (id int PRIMARY KEY, v int, KEY idx (v), UNIQUE uniq (v, id));
CREATE TABLE same_index_names (id int PRIMARY KEY, `1_idx` int, KEY `1_idx` (`1_idx`));
INSERT INTO same_index_names_1 VALUES (1, 1);
INSERT INTO same_index_names_2 VALUES (1, 1);
INSERT INTO same_index_names VALUES (1, 1);

CREATE TABLE parent (a int, b int, c int, PRIMARY KEY (a, b), UNIQUE (c));
CREATE TABLE self_reference (id int PRIMARY KEY, boss int, FOREIGN KEY (boss) REFERENCES self_reference (id) ON DELETE CASCADE);
CREATE TABLE cycle_1 (id int PRIMARY KEY, other int, FOREIGN KEY (other) REFERENCES cycle_2 (id));
CREATE TABLE cycle_2 (id int PRIMARY KEY, other int, FOREIGN KEY (other) REFERENCES cycle_3 (id));
CREATE TABLE cycle_3 (id int PRIMARY KEY, other int, FOREIGN KEY (other) REFERENCES cycle_1 (id) ON DELETE SET NULL);
CREATE TABLE two_columns (id int PRIMARY KEY, x int, y int, CONSTRAINT `same name` FOREIGN KEY (x, y) REFERENCES parent (a, b) ON UPDATE CASCADE);
CREATE TABLE to_unique (id int PRIMARY KEY, c int, FOREIGN KEY (c) REFERENCES parent (c));
CREATE TABLE to_plain_index (id int PRIMARY KEY, v int, FOREIGN KEY (v) REFERENCES same_index_names_1 (v));
INSERT INTO parent VALUES (1, 2, 3);
INSERT INTO self_reference VALUES (1, 1), (2, 1), (3, NULL);
INSERT INTO cycle_1 VALUES (1, 1);
INSERT INTO cycle_2 VALUES (1, 1);
INSERT INTO cycle_3 VALUES (1, 1);
INSERT INTO two_columns VALUES (1, 1, 2), (2, 1, NULL);
INSERT INTO to_unique VALUES (1, 3);
INSERT INTO to_plain_index VALUES (1, 1);

CREATE TABLE every_default (
  id int PRIMARY KEY AUTO_INCREMENT,
  ti tinyint DEFAULT -1, tu tinyint unsigned NOT NULL DEFAULT 255, bo bool DEFAULT true, i int DEFAULT 0, bu bigint unsigned DEFAULT 18446744073709551615,
  de decimal(20,5) DEFAULT -12.34500, f float DEFAULT 0.1, d double DEFAULT 1e100, bi bit(9) DEFAULT b'100000001', y year DEFAULT 1999,
  da date DEFAULT '2020-02-29', dt datetime(3) DEFAULT '2020-01-01 01:02:03.456', ts timestamp NULL DEFAULT '2020-01-01 01:02:03', ti6 time(6) DEFAULT '-01:02:03.5',
  now0 datetime DEFAULT CURRENT_TIMESTAMP, now6 timestamp(6) DEFAULT CURRENT_TIMESTAMP(6), ch char(5) DEFAULT 'a''b', vc varchar(30) DEFAULT 'back\\slash "q"', em varchar(5) DEFAULT '', te text /*M! DEFAULT 'text' */ /*!80016 DEFAULT ('text') */,
  bn binary(4) DEFAULT 'ab', vb varbinary(9) DEFAULT x'00ff5c', bl blob /*M! DEFAULT 'blob' */ /*!80016 DEFAULT ('blob') */, en enum('x', 'y''s') DEFAULT 'y''s', se set('a', 'b') DEFAULT 'a,b', js json /*M! DEFAULT '{"a": 1}' */ /*!80016 DEFAULT ('{"a": 1}') */,
  nu varchar(9) DEFAULT 'NULL', nn varchar(9) DEFAULT NULL, ex int DEFAULT (1 + 2), fn varchar(40) DEFAULT (uuid()), zd date DEFAULT '0000-00-00', cd varchar(9) DEFAULT 'CURRENT_D', dd date DEFAULT (curdate()));
INSERT INTO every_default () VALUES ();

CREATE TABLE `generated` (
  id int PRIMARY KEY, a int, b int, s varchar(50), d date, j json,
  sum_v int AS (a + b) VIRTUAL, sum_s bigint AS (a * b - 1) STORED, half double AS (a / 2) STORED, whole int AS (a DIV 2) STORED,
  name varchar(120) AS (concat(s, '-', s)) STORED, up varchar(50) AS (upper(s)) VIRTUAL, y int AS (year(d)) VIRTUAL, kind varchar(9) AS (CASE WHEN a > b THEN 'more' ELSE 'less' END) STORED,
  part varchar(9) AS (substr(s, 1, 3)) STORED, hashed varchar(40) AS (soundex(s)) STORED, un varchar(40) AS (json_unquote(json_extract(j, '$.x'))) VIRTUAL, fmt varchar(40) AS (date_format(d, '%Y-%m')) VIRTUAL,
  ifn int AS (ifnull(a, 0)) STORED);
INSERT INTO `generated` (id, a, b, s, d, j) VALUES (1, 7, 3, 'Straße', '2020-02-29', '{"x": "y"}'), (2, NULL, 3, NULL, NULL, NULL), (3, -7, 2, 'ab', '0001-01-01', '[]');
SET sql_mode = 'STRICT_TRANS_TABLES';
CREATE TABLE checked (
  id int PRIMARY KEY, a int CHECK (a > 0), b int, s varchar(20), e enum('p', 'q'), d date CHECK (d >= '2000-01-01'),
  CONSTRAINT pair CHECK (b IS NULL OR a < b), CONSTRAINT `listed` CHECK (s IN ('x', 'y''z', 'back\\slash')), CONSTRAINT likes CHECK (s NOT LIKE 'no%'),
  CONSTRAINT weird CHECK (s NOT REGEXP '^[0-9]+$'), CONSTRAINT hashes CHECK (crc32(s) > 0), CHECK (length(s) BETWEEN 1 AND 30));
INSERT INTO checked VALUES (1, 1, 2, 'x', 'p', '2020-01-01');
CREATE TABLE checked_again (id int PRIMARY KEY, a int, CONSTRAINT /*M! pair */ /*!80016 pair_again */ CHECK (a <> 13) /*!80016 , CONSTRAINT not_enforced CHECK (a > 100) NOT ENFORCED */);
INSERT INTO checked_again VALUES (1, 1);
SET sql_mode = '';
CREATE TABLE kinds (id int PRIMARY KEY, e enum('a', 'it''s', 'x,y', 'back\\slash', '"q"', '') NOT NULL COMMENT 'kind''s "comment" \\ here', s set('one', 'two''s')) COMMENT = 'it''s a\n"table"; -- DROP \\';
INSERT INTO kinds VALUES (1, 'it''s', 'one');
CREATE TABLE touched (id int PRIMARY KEY, v int, at timestamp NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, at3 datetime(3) NULL ON UPDATE CURRENT_TIMESTAMP(3));
INSERT INTO touched (id, v, at3) VALUES (1, 1, '2020-01-01');

CREATE TABLE `long name of sixty-four characters, and it ends here with a dig1` (id int PRIMARY KEY, `long column of sixty-four characters, it ends here with digit  1` int,
  `long column of sixty-four characters, it ends here with digit  2` int, KEY `long index of sixty-four characters, it ends here with a digit 1` (id, `long column of sixty-four characters, it ends here with digit  1`));
CREATE TABLE `long name of sixty-four characters, and it ends here with a dig2` (id int PRIMARY KEY, `ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé1` int,
  `ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé2` int /*!80016 CONSTRAINT accents */ CHECK (`ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé2` > 0), UNIQUE (`ééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééééé1`),
  CONSTRAINT `a foreign key with a name of sixty-four characters, no more, ok1` FOREIGN KEY (id) REFERENCES `long name of sixty-four characters, and it ends here with a dig1` (id));
INSERT INTO `long name of sixty-four characters, and it ends here with a dig1` VALUES (1, 10, 20);
INSERT INTO `long name of sixty-four characters, and it ends here with a dig2` VALUES (1, 10, 20);

CREATE TABLE `select` (`from` int PRIMARY KEY, `where` varchar(9) DEFAULT 'x', `order` int, `user` int, `a``b` int, `q"q` int, ` blank` int, KEY `group` (`order`), KEY `q"i` (`q"q`), UNIQUE KEY `a``k` (`a``b`));
CREATE TABLE `UPPER` (`ID` int AUTO_INCREMENT PRIMARY KEY, `MixedCase` int, KEY `IdX` (`MixedCase`), FOREIGN KEY (`MixedCase`) REFERENCES `select` (`from`));
CREATE TABLE `we"ird ``na.me` (`a.b` int PRIMARY KEY, `$x` int, `%s%d` int, `漢字` int, CHECK (`漢字` > 0), KEY (`$x`));
CREATE TABLE no_key (a int, b varchar(5), KEY (b));
CREATE TABLE invisible (a int PRIMARY KEY, b int /*M! INVISIBLE */ DEFAULT 5 /*!80023 INVISIBLE */, KEY k (b) /*M! IGNORED */ /*!80016 INVISIBLE */);
/*M! CREATE TABLE versioned (a int PRIMARY KEY, b int) WITH SYSTEM VERSIONING */;
CREATE TABLE auto_not_first (v int, id int NOT NULL AUTO_INCREMENT, PRIMARY KEY (v), UNIQUE (id)) AUTO_INCREMENT = 1000;
CREATE TABLE auto_unsigned (id bigint unsigned AUTO_INCREMENT PRIMARY KEY, tiny tinyint);
CREATE TABLE auto_tiny (id tinyint unsigned AUTO_INCREMENT PRIMARY KEY);
CREATE TABLE auto_child (id int unsigned PRIMARY KEY, up bigint unsigned, FOREIGN KEY (up) REFERENCES auto_unsigned (id));
INSERT INTO `select` VALUES (1, 'y', 2, 3, 4, 5, 6);
INSERT INTO `UPPER` VALUES (5, 1);
INSERT INTO `we"ird ``na.me` VALUES (1, 2, 3, 4);
INSERT INTO no_key VALUES (1, 'x'), (1, 'x');
INSERT INTO invisible (a, b) VALUES (1, 2);
/*M! INSERT INTO versioned VALUES (1, 1) */;
/*M! UPDATE versioned SET b = 2 */;
INSERT INTO auto_not_first (v) VALUES (1), (2);
INSERT INTO auto_unsigned VALUES (77, 1);
INSERT INTO auto_tiny VALUES (200);
INSERT INTO auto_child VALUES (1, 77);
SET foreign_key_checks = 1;

CREATE VIEW a_view AS SELECT a FROM parent;
CREATE TRIGGER a_trigger BEFORE INSERT ON no_key FOR EACH ROW SET NEW.a = NEW.a + 1;
CREATE PROCEDURE a_procedure() SELECT 1;
CREATE FUNCTION a_function() RETURNS int DETERMINISTIC RETURN 1;
CREATE EVENT an_event ON SCHEDULE EVERY 1 DAY DISABLE DO DELETE FROM no_key;
/*M! CREATE SEQUENCE a_sequence START WITH 5 */;
