// What the readers of my.cfg and of the table list share: reading a whole file,
// walking its lines, and errors that name file and line. Private to config/.
#pragma once

#include <string>
#include <string_view>

#include "base/error.h"

namespace dbsync::config_detail {

// The whole file or pipe. `what` ("configuration file") is for the message; an
// unreadable file is ErrorKind::config with the system's reason.
std::string read_text_file(const std::string& path, std::string_view what, std::string_view hint);

// "my.cfg line 9: message" as ErrorKind::config.
Error error_at(const std::string& name, int line, std::string_view message);

// Lines that end with LF or CRLF; a byte-order mark before the first is dropped.
// Views into the text given, which must outlive them.
class Lines {
 public:
  explicit Lines(std::string_view text);

  bool next(std::string_view& line);
  int number() const { return number_; }  // of the last line returned, 1-based

 private:
  std::string_view rest_;
  int number_ = 0;
};

}  // namespace dbsync::config_detail
