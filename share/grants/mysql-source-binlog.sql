-- mysql2pgsql, beside mysql-source-copy.sql: to read the binlog, and to ask where it is.
GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO 'dbsync'@'%';
