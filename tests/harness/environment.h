// What the environment asks of tests: the long forms of make torture.
#pragma once

#include <cstdlib>

namespace dbsync::test {

inline int number_from_environment(const char* name, int otherwise) {
  const char* text = std::getenv(name);
  return text == nullptr ? otherwise : std::atoi(text);
}

}  // namespace dbsync::test
