// Column defaults as information_schema.COLUMNS.COLUMN_DEFAULT shows them.
//
// MySQL shows the bare value and flags expressions in EXTRA (DEFAULT_GENERATED,
// from 8.0.13); before that only CURRENT_TIMESTAMP was possible. MariaDB from
// 10.2.7 on shows SQL: quoted literals, NULL, expressions. Pure.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "mysql2pgsql/schema/mysql_catalog.h"

namespace dbsync {

void settle_default(MysqlColumn& column, const std::optional<std::string>& shown, bool flagged_expression,
                    bool is_mariadb, unsigned version);

// [-+]digits[.digits][e[-+]digits] and nothing else: text that is safe to write
// into SQL without quotes.
bool is_number(std::string_view text);

// 'it''s\n' -> it's + newline: a quoted literal with doubled quotes and
// backslash escapes. Nothing when the text is anything else.
std::optional<std::string> unquote_mysql_literal(std::string_view text);

// 0x6162 -> ab; nothing for any other text.
std::optional<std::string> decode_mysql_hex(std::string_view text);

}  // namespace dbsync
