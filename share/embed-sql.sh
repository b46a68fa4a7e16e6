#!/bin/sh
# Prints a C++ header with one string constant per .sql file given.
set -eu
echo '// Generated from share/sql; do not edit.'
echo '#pragma once'
echo 'namespace dbsync::sql {'
for file in "$@"; do
  name=$(basename "$file" .sql)
  printf 'inline constexpr char %s[] = R"~sql~(' "$name"
  # Comment lines are for readers of the file, not for the server's log.
  sed -e '/^--/d' "$file"
  printf ')~sql~";\n'
done
echo '}'
