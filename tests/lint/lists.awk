# Prints initialisers of more than `most` items that are not all plain numbers, letters
# or texts and that do not name their members, from the lines of strip.awk: what stands
# where cannot be seen in them. Tables of one row a line, `{1, 2, 3}` and lists of like
# things (all names, all calls of one function) are fine.

BEGIN { FS = "\t" }

$1 != path { path = $1; level = 0; quiet = 0 }

{
  code = $3
  for (i = 4; i <= NF; ++i) code = code " " $i
}

code ~ /^[ \t]*#/ { next }

{
  n = length(code)
  for (i = 1; i <= n; ++i) {
    c = substr(code, i, 1)
    if (c == "{" || c == "(" || c == "[") {
      ++level
      kind[level] = c
      items[level] = 1
      text[level] = ""
      line[level] = $2
      before[level] = substr(code, 1, i - 1)
    } else if (c == "}" || c == ")" || c == "]") {
      if (level > 0) {
        if (c == "}" && kind[level] == "{") look(level)
        --level
        text[level] = text[level] "@"
      }
    } else if (c == "," && level > 0) {
      ++items[level]
      text[level] = text[level] ","
    } else if (c == ";" && level > 0 && kind[level] == "{") {
      items[level] = -1000000  # a block
    } else if (level > 0) {
      text[level] = text[level] c
    }
  }
  if (level > 0) text[level] = text[level] " "
}

function look(at,   part, count, k, kinds, of, seen) {
  if (items[at] <= most || text[at] ~ /(^|[ ,@])[.][a-z_]+ *=/) return
  # An enum; an array; parameters of a statement; a row of a table of constants.
  if (before[at] ~ /(enum|struct|class|namespace)[^=]*$|array<[^>]*> *[a-z_]*$/) return
  if (kind[at - 1] == "(" && before[at - 1] ~ /(exec|exec_often|add_row)$/) return
  if (kind[at - 1] == "{" && text[at - 1] !~ /[A-Za-z0-9]/) return
  count = split(text[at], part, ",")
  if (part[count] ~ /^[ ]*$/) --count
  if (count <= most) return
  kinds = 0
  for (k in seen) delete seen[k]
  for (k = 1; k <= count; ++k) {
    of = kind_of(part[k])
    if (!(of in seen)) { seen[of] = 1; ++kinds }
  }
  if (kinds > 2) print path ":" line[at] ": a list of " count " values without their names"
}

# Like things: texts, numbers, lists, calls of one function, qualified names.
function kind_of(item) {
  gsub(/[ ]+/, "", item)
  if (item ~ /^""/) return "text"
  if (item ~ /^''/) return "letter"
  if (item ~ /^-?[0-9]/) return "number"
  if (item ~ /^@/) return "list"
  if (item ~ /^(true|false)$/) return "flag"
  if (item ~ /@/) { sub(/[@].*/, "", item); return "call " item }
  if (item ~ /::/) { sub(/::[A-Za-z_0-9]*$/, "", item); return "of " item }
  return "name"
}
