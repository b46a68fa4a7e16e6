-- The benchmark's table; @rows is set by the caller. 16 columns of mixed types,
-- as order data has them.
create database bench;
use bench;
create table lineitem (
  id bigint unsigned not null auto_increment primary key, partkey int, suppkey int not null, linenumber int not null,
  quantity tinyint not null, price decimal(15,2) not null, discount decimal(15,2) not null, tax double not null,
  flag char(1) not null, mode enum('AIR', 'RAIL', 'SHIP') not null, shipped date not null, committed datetime not null,
  received timestamp(6) null, returned tinyint(1) not null, instruct varchar(25) not null, comment varchar(80),
  key (partkey), key (shipped));
insert into lineitem
select seq, if(seq % 10 = 0, null, seq * 7 % 1000003), seq % 200000, seq % 10000, seq % 50, seq * 1.37 % 100000,
       seq % 10000 / 100, seq / 7.0, char(65 + seq % 26), 1 + seq % 3,
       date_add('1992-01-01', interval seq % 2500 day), date_add('1992-01-01', interval seq % 80000000 second),
       if(seq % 5 = 0, null, date_add('1992-01-01', interval seq * 1000003 microsecond)), seq % 2,
       concat('DELIVER IN PERSON ', seq % 1000), if(seq % 7 = 0, null, concat('no\tte "', seq, '" \\ carefully final deposits'))
  from seq_1_to_5000000 where seq <= @rows;
