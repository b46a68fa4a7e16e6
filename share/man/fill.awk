# Fills a manual page in: @OPTIONS@ and @EXIT_STATUS@ from what --help prints,
# @CONFIGURATION@ from my.cfg.sample without the section `skip`, @VERSION@ and @DATE@
# from the command line.
#
#   bin/mysql2pgsql --help |
#     awk -v version=0.1.0 -v date=2026-11-24 -v skip=src.pgsql -f fill.awk - my.cfg.sample mysql2pgsql.1.in
#
# Both come from the program's own table of settings, so the page cannot lack one.

function escaped(text) {
  gsub(/\\/, "\\e", text)
  gsub(/-/, "\\-", text)
  gsub(/^[.']/, "\\\\\\&&", text)
  return text
}

# "-l, --table-list FILE": names in bold, the word for the value in italics.
function option_line(names,   part, count, i, out) {
  count = split(names, part, " ")
  for (i = 1; i <= count; i++)
    if (part[i] ~ /^-/)
      out = out (out == "" ? "" : " ") "\\fB" escaped(part[i]) "\\fR"
    else
      out = out " \\fI" escaped(part[i]) "\\fR"
  gsub(/,\\fR/, "\\fR,", out)
  return ".TP\n" out "\n"
}

# Within an argument of a macro.
function escaped_quotes(text) {
  gsub(/"/, "\\(dq", text)
  return text
}

FNR == 1 { file++ }

file == 1 && /^Exit status:/ { place = "exit"; next }
file == 1 && /^Examples:/ { place = ""; next }
file == 1 && /^(What to do|How to do it|Messages):$/ {
  place = "options"
  sub(/:$/, "")
  options = options ".SS " $0 "\n"
  next
}
file == 1 && place == "options" && /^  ( |-)/ {
  if (substr($0, 1, 6) ~ /-/ || substr($0, 7, 2) == "--") {
    names = $0
    text = ""
    if (length($0) > 27 && substr($0, 26, 2) == "  " || substr($0, 27, 1) == " ") {
      names = substr($0, 1, 27)
      text = substr($0, 28)
    }
    sub(/^ +/, "", names)
    sub(/ +$/, "", names)
    options = options option_line(names)
    if (text != "") options = options escaped(text) "\n"
  } else {
    sub(/^ +/, "")
    options = options escaped($0) "\n"
  }
  next
}
file == 1 && place == "exit" && NF > 1 {
  status = $1
  sub(/^ *[0-9]+ +/, "")
  statuses = statuses ".TP\n.B " status "\n" escaped($0) "\n"
}

# Comments of the sample belong to the section or key behind them; in a section of
# patterns they are the sample itself.
file == 2 && /^# / { comment = comment escaped(substr($0, 3)) "\n"; next }
file == 2 && /^\[/ {
  section = substr($0, 2, length($0) - 2)
  if (section != skip) configuration = configuration ".SS [" escaped(section) "]\n" comment
  comment = ""
  next
}
file == 2 && section != skip && /^#?[a-z_]+ = "/ {
  name = $1
  sub(/^#/, "", name)
  sub(/^[^"]*/, "")
  configuration = configuration ".TP\n.BI " name " \" = " escaped_quotes(escaped($0)) "\"\n" comment
}
file == 2 {
  if (comment != "" && NF == 0 && section != "" && section != skip)
    configuration = configuration ".PP\n.EX\n" comment ".EE\n"
  comment = ""
  next
}

file == 3 && /^@OPTIONS@$/ { printf "%s", options; next }
file == 3 && /^@EXIT_STATUS@$/ { printf "%s", statuses; next }
file == 3 && /^@CONFIGURATION@$/ { printf "%s", configuration; next }
file == 3 {
  gsub(/@VERSION@/, version)
  gsub(/@DATE@/, date)
  print
}

END {
  if (options == "" || statuses == "" || configuration == "") {
    print "fill.awk: no options, exit status or configuration found" > "/dev/stderr"
    exit 1
  }
}
