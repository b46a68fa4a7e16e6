-- mysql2pgsql, beside mysql-source-copy.sql: one moment for several workers (-j 2 and
-- more) on servers that need a short lock for it: MySQL, and MariaDB without a binlog.
GRANT RELOAD ON *.* TO 'dbsync'@'%';
