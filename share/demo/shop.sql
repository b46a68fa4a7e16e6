-- The demo's shop: about 200,000 rows, the same ones every time, made in a few
-- seconds by MariaDB's sequence tables (seq_1_to_N). crc32() of a row's number
-- stands in for chance.

SET NAMES utf8mb4;
SET time_zone = '+00:00';
SET @@session.unique_checks = 0;

CREATE TABLE customers (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  name        VARCHAR(60) NOT NULL,
  email       VARCHAR(80) NOT NULL,
  city        VARCHAR(40) DEFAULT NULL,
  birthday    DATE DEFAULT NULL,
  newsletter  TINYINT(1) NOT NULL DEFAULT 0 COMMENT '0 or 1',
  interests   SET('books', 'music', 'garden', 'food') DEFAULT NULL,
  created_at  DATETIME NOT NULL,
  UNIQUE KEY email (email),
  KEY city_name (city, name)
) COMMENT 'Names in many scripts';

CREATE TABLE products (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  sku         CHAR(8) NOT NULL,
  title       VARCHAR(100) NOT NULL,
  description TEXT,
  price       DECIMAL(10,2) NOT NULL,
  weight_kg   FLOAT DEFAULT NULL,
  attributes  JSON DEFAULT NULL,
  thumbnail   BLOB,
  state       ENUM('draft', 'on sale', 'sold out') NOT NULL DEFAULT 'draft',
  UNIQUE KEY sku (sku)
);

CREATE TABLE orders (
  id          BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  customer_id INT UNSIGNED NOT NULL,
  status      ENUM('new', 'paid', 'shipped', 'cancelled') NOT NULL,
  ordered_at  DATETIME(3) NOT NULL,
  ship_by     DATE DEFAULT NULL,
  note        VARCHAR(200) DEFAULT NULL,
  updated_at  TIMESTAMP NOT NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP,
  KEY customer (customer_id),
  KEY by_time (ordered_at, status),
  CONSTRAINT orders_customer FOREIGN KEY (customer_id) REFERENCES customers (id)
);

CREATE TABLE order_lines (
  order_id    BIGINT UNSIGNED NOT NULL,
  line_no     SMALLINT UNSIGNED NOT NULL,
  product_id  INT UNSIGNED NOT NULL,
  quantity    SMALLINT UNSIGNED NOT NULL,
  unit_price  DECIMAL(10,2) NOT NULL,
  discount    DECIMAL(4,3) DEFAULT NULL,
  PRIMARY KEY (order_id, line_no),
  KEY product (product_id),
  CONSTRAINT lines_order FOREIGN KEY (order_id) REFERENCES orders (id) ON DELETE CASCADE,
  CONSTRAINT lines_product FOREIGN KEY (product_id) REFERENCES products (id)
);

CREATE TABLE payments (
  id          INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY,
  order_id    BIGINT UNSIGNED NOT NULL,
  amount      DECIMAL(12,2) NOT NULL,
  method      ENUM('card', 'transfer', 'cash') NOT NULL,
  paid_at     TIMESTAMP(6) NULL DEFAULT NULL,
  reference   VARBINARY(16) DEFAULT NULL,
  KEY order_paid (order_id, paid_at),
  CONSTRAINT payments_order FOREIGN KEY (order_id) REFERENCES orders (id)
);

INSERT INTO customers (id, name, email, city, birthday, newsletter, interests, created_at)
SELECT seq,
       CONCAT(ELT(1 + CRC32(seq) % 10, 'Ada', 'Zoë', '山田', 'Łukasz', 'Ольга', 'محمد', 'Björn', '😀 Smiley', 'O''Neil', '李'),
              ' ', ELT(1 + CRC32(CONCAT('n', seq)) % 8, 'Lovelace', 'Müller', '花子', 'Żółw', 'Иванова', 'العربي', 'back\\slash', '小龙')),
       CONCAT('customer', seq, '@example.com'),
       IF(seq % 11 = 0, NULL, ELT(1 + CRC32(CONCAT('c', seq)) % 6, 'Zürich', '東京', 'São Paulo', 'Québec', 'Αθήνα', 'New York')),
       IF(seq % 7 = 0, NULL, DATE '1940-01-01' + INTERVAL CRC32(CONCAT('b', seq)) % 25000 DAY),
       seq % 3 = 0,
       IF(seq % 13 = 0, NULL, CRC32(CONCAT('i', seq)) % 16),
       TIMESTAMP '2015-01-01 00:00:00' + INTERVAL CRC32(CONCAT('t', seq)) % 300000000 SECOND
  FROM seq_1_to_10000;

INSERT INTO products (id, sku, title, description, price, weight_kg, attributes, thumbnail, state)
SELECT seq,
       CONCAT('P', LPAD(seq, 7, '0')),
       CONCAT(ELT(1 + CRC32(seq) % 5, 'Teapot', 'Café crème', '急須', 'Ящик', 'Box 📦'), ' no. ', seq),
       IF(seq % 9 = 0, NULL, REPEAT(CONCAT('Line ', seq, ' of a text;\n\t"quoted", ', CHAR(92), ' and more. '), seq % 20)),
       1 + CRC32(CONCAT('p', seq)) % 50000 / 100,
       IF(seq % 5 = 0, NULL, (CRC32(CONCAT('w', seq)) % 1000) / 8),
       IF(seq % 8 = 0, NULL, JSON_OBJECT('color', ELT(1 + seq % 3, 'rot', '青', 'green'), 'size', seq % 50, 'tags', JSON_ARRAY('a', seq))),
       IF(seq % 6 = 0, NULL, UNHEX(REPEAT(CONCAT('00', MD5(seq)), 1 + seq % 30))),
       1 + seq % 3
  FROM seq_1_to_1000;

INSERT INTO orders (id, customer_id, status, ordered_at, ship_by, note, updated_at)
SELECT seq,
       1 + CRC32(CONCAT('oc', seq)) % 10000,
       1 + CRC32(CONCAT('os', seq)) % 4,
       TIMESTAMP '2024-01-01 00:00:00' + INTERVAL seq * 790 SECOND + INTERVAL seq % 1000 * 1000 MICROSECOND,
       IF(seq % 4 = 0, NULL, DATE '2024-01-03' + INTERVAL FLOOR(seq / 110) DAY),
       IF(seq % 10 = 0, CONCAT('Leave at C:', CHAR(92), 'door ', seq, ', bitte läuten 🔔'), NULL),
       TIMESTAMP '2024-01-02 00:00:00' + INTERVAL seq * 790 SECOND
  FROM seq_1_to_40000;

INSERT INTO order_lines (order_id, line_no, product_id, quantity, unit_price, discount)
SELECT o.seq, l.seq, p.id, 1 + CRC32(CONCAT('q', o.seq, '-', l.seq)) % 9, p.price, IF(l.seq = 2, 0.125, NULL)
  FROM seq_1_to_40000 o
  JOIN seq_1_to_5 l ON l.seq <= 1 + o.seq % 5
  JOIN products p ON p.id = 1 + CRC32(CONCAT('lp', o.seq, '-', l.seq)) % 1000;

INSERT INTO payments (order_id, amount, method, paid_at, reference)
SELECT o.id, SUM(l.quantity * l.unit_price * (1 - COALESCE(l.discount, 0))), 1 + o.id % 3,
       IF(o.id % 17 = 0, NULL, o.updated_at + INTERVAL o.id MICROSECOND), IF(o.id % 5 = 0, NULL, UNHEX(MD5(o.id)))
  FROM orders o
  JOIN order_lines l ON l.order_id = o.id
 WHERE o.status <> 'cancelled'
 GROUP BY o.id
 ORDER BY o.id;
