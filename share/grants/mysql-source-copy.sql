-- mysql2pgsql: an account that may copy the database shop, with definitions. Replace shop,
-- the account and its password, then: mysql -u root -p < mysql-source-copy.sql
--
-- SHOW VIEW lets MariaDB show foreign keys. TRIGGER, EVENT and EXECUTE only name what is
-- not migrated; leave them out for a list without it.
CREATE USER 'dbsync'@'%' IDENTIFIED BY 'change-me';
GRANT SELECT, SHOW VIEW, TRIGGER, EVENT, EXECUTE ON `shop`.* TO 'dbsync'@'%';
