# Prints classes whose body is longer than `most` lines, from the lines of strip.awk.
# Only classes that stand by themselves: what is within one counts with it.

BEGIN { FS = "\t" }

$1 != path { path = $1; depth = 0; name = ""; macro = 0 }

{
  code = $3
  for (i = 4; i <= NF; ++i) code = code " " $i
}

macro || code ~ /^[ \t]*#/ { macro = code ~ /\\$/; next }

name == "" && code ~ /^[ \t]*(class|struct)[ \t]+[A-Za-z_:]+[^;(]*[{][^}]*$/ && code !~ /enum/ {
  name = code
  sub(/^[ \t]*(class|struct)[ \t]+/, "", name)
  sub(/[^A-Za-z_0-9:].*/, "", name)
  start = $2
  depth = 0
}

name != "" {
  depth += gsub(/[{]/, "{", code) - gsub(/[}]/, "}", code)
  if (depth > 0) next
  lines = $2 - start + 1
  if (lines > most) print path ":" start ": class " name " of " lines " lines (at most " most ")"
  name = ""
}
