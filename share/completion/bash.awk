# Writes the bash completion of a program from what its --help prints, which comes from
# the program's own table of options, so that none is missing.
#
#   bin/mysql2pgsql --help | awk -v program=mysql2pgsql -f bash.awk
#
# Values named FILE complete as files; those of a few words as these words.

/^  ( |-)/ {
  if (substr($0, 1, 6) !~ /-/ && substr($0, 7, 2) != "--") next
  finish()
  short = ""; long = ""; value = ""
  line = $0
  if (match(line, /-[a-zA-Z],/)) short = substr(line, RSTART, 2)
  if (match(line, /--[a-z-]+/)) long = substr(line, RSTART, RLENGTH)
  rest = substr(line, RSTART + RLENGTH)
  if (match(rest, /^ [A-Z]+/)) value = substr(rest, 2, RLENGTH - 1)
  next
}

function words_of() {
  if (long == "--copy-format") return "auto binary text"
  if (long == "--log-format") return "text json"
  if (long == "--section") return "pre-data post-data all"
  if (long == "--end-at") return "now"
  if (long == "--dialect") return "postgresql greenplum5 greenplum6 greenplum7 cloudberry adbpg"
  return ""
}

function finish(   names, words) {
  if (long == "") return
  options = options " " long (short == "" ? "" : " " short)
  if (value == "") return
  names = long (short == "" ? "" : "|" short)
  words = words_of()
  if (value == "FILE") cases = cases "    " names ") COMPREPLY=($(compgen -f -- \"$word\")); return ;;\n"
  else if (words != "") cases = cases "    " names ") COMPREPLY=($(compgen -W '" words "' -- \"$word\")); return ;;\n"
  else cases = cases "    " names ") return ;;\n"
}

END {
  finish()
  print "# bash completion of " program ", written from its --help."
  print "_" program "() {"
  print "  local word=${COMP_WORDS[COMP_CWORD]}"
  print "  COMPREPLY=()"
  print "  case ${COMP_WORDS[COMP_CWORD - 1]} in"
  printf "%s", cases
  print "  esac"
  print "  COMPREPLY=($(compgen -W '" substr(options, 2) "' -- \"$word\"))"
  print "}"
  print "complete -o filenames -F _" program " " program
}
