// Which of the server's two accounts of a definition to believe, information_schema's
// or that of SHOW CREATE TABLE, and what neither of them tells.
//
// information_schema is utf8mb3: a character of four bytes comes as '?' (MySQL 8 and 9:
// of an expression as its bytes, encoded a second time), bytes of a binary default that
// are no UTF-8 come as '?', or end it, and a TIMESTAMP default of MySQL 8 and 9 is in the
// zone of whoever made the table. SHOW CREATE TABLE is right about expressions on MariaDB
// (MySQL: but for characters of four bytes, which come as "????"), about literal defaults
// on MySQL 8 and 9 (0x… where they cannot be shown), and about time zones everywhere.
//
// What is lost is U+FFFD in the text that is returned; nothing that has one is
// translated. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mysql2pgsql/row/mysql_type.h"

namespace dbsync {

// The text of an expression. `shown`: from SHOW CREATE TABLE, "" = it could not be read.
std::string believed_expression(const std::string& listed, const std::string& shown, bool is_mariadb);

// The value of a literal default as SHOW CREATE TABLE writes it ('it''s', 0x6162, 5);
// nothing when characters or bytes of it may be lost. `exact`: MySQL 8 and newer, which
// writes what it cannot show as 0x….
std::optional<std::string> believed_literal(const std::string& shown, const MysqlType& type, bool exact);

// True when '?' in a text of the catalog may be a character of four bytes.
bool may_have_lost(std::string_view text);
// The same for a value of a column with this collation.
bool may_have_lost(std::string_view text, std::string_view collation);

}  // namespace dbsync
