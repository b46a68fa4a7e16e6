-- The benchmark's other tables; @rows is set by the caller.
use bench;
-- Blobs and long text: a few KB a row.
create table wide (
  id int not null auto_increment primary key, picture mediumblob not null, page mediumtext not null, note text);
insert into wide
select seq, unhex(repeat(md5(seq), 50 + seq % 250)), repeat(concat(md5(seq), ' text\tand "more"\n'), 20 + seq % 80),
       if(seq % 3 = 0, null, repeat('note ', seq % 50))
  from seq_1_to_5000000 where seq <= greatest(@rows / 100, 100);
-- A string key under a case-insensitive collation.
create table words (
  word varchar(60) character set utf8mb4 collate utf8mb4_general_ci not null primary key, seen int not null, body varchar(120) not null);
insert into words
select concat(if(seq % 2, 'Word-', 'wORD-'), md5(seq)), seq, repeat(md5(seq), 3)
  from seq_1_to_5000000 where seq <= greatest(@rows / 4, 100);
-- 90 % of the rows in 1 % of the range of keys.
create table skewed (id bigint not null primary key, price decimal(15,2) not null, body varchar(120) not null);
insert into skewed
select if(seq % 10 > 0, 700000000 + seq, seq * 1000), seq * 1.37 % 100000, repeat(md5(seq), 3)
  from seq_1_to_5000000 where seq <= greatest(@rows / 4, 100);
analyze table lineitem, wide, words, skewed;
