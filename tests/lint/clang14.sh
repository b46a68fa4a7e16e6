# Sourced by format.sh and tidy.sh.
# shellcheck shell=sh
#
# clang14 NAME: prints how release 14 of a clang tool is called here; nothing where it is
# missing. Releases differ in what they write and find: 14, which Debian 12 has, is the
# one that counts.
clang14() {
  for name in "$1-14" "$1"; do
    case $("$name" --version 2>/dev/null) in
      *"version 14."*) echo "$name" && return ;;
    esac
  done
}
