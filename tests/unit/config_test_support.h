// For the tests of common/config: catching an Error to look at its parts.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "base/error.h"

namespace dbsync::test {

template <class Function>
Error caught(Function function) {
  try {
    function();
  } catch (const Error& error) {
    return error;
  }
  ADD_FAILURE() << "no Error was thrown";
  return Error(ErrorKind::internal, "nothing thrown");
}

inline void expect_contains(const std::string& text, const std::string& part) {
  EXPECT_NE(text.find(part), std::string::npos) << "\"" << part << "\" is not in \"" << text << "\"";
}

}  // namespace dbsync::test
