// Passwords in texts that are not ours: statements, definitions, messages and
// context lines of servers, output of programs.
//
//   OPTIONS (user 'u', password 'p')         ->  OPTIONS (user 'u', password '***')
//   CONNECTION 'host=h password=p'           ->  CONNECTION 'host=h password=***'
//   postgresql://u:p@h/d                     ->  postgresql://u:***@h/d
//
// Rather too much is masked than too little: whatever follows the name of a secret
// as its value. Errors and the log mask all of their texts.
//
// A server may also repeat the password of a connection wherever it likes. What it says
// is freed of the passwords that this process has connected with, where it becomes an
// error or a line of the log; the log as a whole is not, for a password may be an
// everyday word.
//
// Threads: any.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace dbsync {

std::string mask_secrets(std::string text);

// Before anything is heard of the server. One that is as short as three bytes, or is the
// name of something that messages show anyway (user, database, host), is not kept.
void remember_password(const std::string& password, std::initializer_list<std::string_view> shown);
// A text of a server, with *** for the passwords remembered.
std::string hide_passwords(std::string text);

}  // namespace dbsync
