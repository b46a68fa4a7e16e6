# C++ text -> lines "path<TAB>number<TAB>code" for the checks of run.sh: comments
# and the insides of literals are gone, #include lines stay as they are. A
# comment "lint: long-switch" leaves the mark @long-switch@.
# State across lines: in_comment (/* */) and raw_end (closing mark of R"(").

FNR == 1 { in_comment = 0; raw_end = "" }

/^[ \t]*#[ \t]*include/ && !in_comment && raw_end == "" {
  sub(/[ \t]*\/\/.*/, "")
  print FILENAME "\t" FNR "\t" $0
  next
}

{ print FILENAME "\t" FNR "\t" code_of($0) }

function code_of(line,   out, at, token) {
  if (!in_comment && raw_end == "" && line !~ /["'\/]/) return line
  out = ""
  while (line != "") {
    if (in_comment) {
      at = index(line, "*/")
      if (!at) return out
      line = substr(line, at + 2)
      in_comment = 0
    } else if (raw_end != "") {
      at = index(line, raw_end)
      if (!at) return out
      line = substr(line, at + length(raw_end))
      raw_end = ""
      out = out "\"\""
    } else if (match(line, /R"[^( ]*\(|["']|\/\/|\/\*/)) {
      token = substr(line, RSTART, RLENGTH)
      out = out substr(line, 1, RSTART - 1)
      line = substr(line, RSTART + RLENGTH)
      if (token == "//") return out (line ~ /lint: long-switch/ ? "@long-switch@" : "")
      if (token == "/*") in_comment = 1
      else if (token ~ /^R/) raw_end = ")" substr(token, 3, length(token) - 3) "\""
      else if (token == "'" && out ~ /(^|[^A-Za-z0-9_])[0-9][0-9A-Fa-fxX]*$/) continue  # 1'000'000
      else {
        line = after_literal(line, token)
        out = out token token
      }
    } else {
      return out line
    }
  }
  return out
}

function after_literal(line, quote,   token) {
  while (match(line, "\\\\.|" quote)) {
    token = substr(line, RSTART, RLENGTH)
    line = substr(line, RSTART + RLENGTH)
    if (token == quote) return line
  }
  return ""
}
