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
// Pure.
#pragma once

#include <string>

namespace dbsync {

std::string mask_secrets(std::string text);

}  // namespace dbsync
