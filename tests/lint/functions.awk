# Prints the functions longer than `most` lines, from the lines of strip.awk.
# A heuristic on braces: at file, namespace and class level, text with a ) before
# a { starts a function; inside it braces are only counted.

BEGIN { FS = "\t" }

{
  code = $3
  for (i = 4; i <= NF; ++i) code = code " " $i
  if ($1 != path) {
    finish()
    path = $1
    depth = macro = 0
    head = ""
  }
}

# Preprocessor lines and their continuations are not code.
macro || code ~ /^[ \t]*#/ { macro = code ~ /\\$/; next }

{
  rest = code
  while (match(rest, /[{};]/)) {
    token = substr(rest, RSTART, 1)
    before = substr(rest, 1, RSTART - 1)
    rest = substr(rest, RSTART + 1)
    if (depth == 0) at_outer_level(before, token)
    else if (token == "{") ++depth
    else if (token == "}" && --depth == 0) { closed = 1; end = $2 }
  }
  if (depth == 0) add_to_head(rest)
}

END { finish() }

function at_outer_level(before, token) {
  add_to_head(before)
  # The brace that closed was an initializer in a constructor's list: a_{1} {
  if (closed && token == "{") closed = 0
  finish()
  if (token == "{" && !is_container(head)) {
    depth = 1
    is_function = head ~ /\)/ && head !~ /=[ \t]*$/
    exempt = head ~ /@long-switch@/ || code ~ /@long-switch@/
  } else {
    head = ""
  }
}

function add_to_head(text) {
  if (text !~ /[^ \t]/) return
  if (closed && text ~ /^[ \t]*,/) closed = 0
  finish()
  if (head == "") start = $2
  head = head " " text
}

function finish() {
  if (!closed) return
  closed = 0
  head = ""
  if (is_function && !exempt && end - start + 1 > most)
    print path ":" start ": function of " (end - start + 1) " lines (at most " most ")"
}

function is_container(text) {
  if (text ~ /^[ \t]*(class|struct|union|enum|namespace|inline namespace)[ \t]/) return 1
  if (text ~ /^[ \t]*(namespace|extern "")[ \t]*$/) return 1
  return text !~ /\)/ && text ~ /(^|[ \t>:])(class|struct|union|enum|namespace)[ \t]/ && text !~ /=[ \t]*$/
}
