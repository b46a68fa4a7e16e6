# Prints texts of six words or more that stand in two files of the product, word for word:
# two places say one thing, and will begin to differ. Texts are what a reader sees: literals
# that follow each other are one, {…} is one word, statements of SQL are left out.

function file_of(at) {
  sub(/:.*/, "", at)
  return at
}

function flush(   key, words) {
  if (text == "") return
  key = text
  text = ""
  gsub(/\\n/, " ", key)
  gsub(/[ ]+/, " ", key)
  sub(/^[ ]+/, "", key)
  sub(/[ ]+$/, "", key)
  words = split(key, unused, " ")
  if (words < 6 || key ~ /^(SELECT|INSERT|UPDATE|DELETE|CREATE|ALTER|DROP|WITH|FROM|WHERE|ORDER|VALUES|SET|LEFT|JOIN|AND|ON|LOCK|COMMENT|TRUNCATE|COPY|SHOW|ANALYZE|REFRESH|DO|BEGIN|START|GROUP|EXISTS|CASE)[ (]/) return
  if (key in first) {
    if (!(key in told) && file_of(place[key]) != file_of(where)) print place[key] ": stands in " where " as well: \"" substr(key, 1, 90) (length(key) > 90 ? "…" : "") "\""
    told[key] = 1
  } else {
    first[key] = 1
    place[key] = where
  }
}

FNR == 1 { flush() }

{
  line = $0
  if (line ~ /^[ \t]*\/\//) next
  while (line != "") {
    if (match(line, /^[ \t]+/)) { line = substr(line, RLENGTH + 1); continue }
    if (line ~ /^\/\//) break
    if (line ~ /^'([^'\\]|\\.)*'/) { match(line, /^'([^'\\]|\\.)*'/); line = substr(line, RLENGTH + 1); flush(); continue }
    if (line ~ /^"/) {
      match(line, /^"([^"\\]|\\.)*"/)
      if (RLENGTH < 2) break
      if (text == "") where = FILENAME ":" FNR
      text = text substr(line, 2, RLENGTH - 2)
      line = substr(line, RLENGTH + 1)
      continue
    }
    flush()
    match(line, /^[^"'\/ \t]+|^./)
    line = substr(line, RLENGTH + 1)
  }
}

END { flush() }
