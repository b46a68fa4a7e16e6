# Prints options, --like-this, that stand in texts of the program and are not among the names
# in the file `known`.

BEGIN {
  while ((getline name < known) > 0) options["--" name]
}

/^[ \t]*\/\// { next }

{
  count = split($0, part, "\"")
  for (i = 2; i <= count; i += 2) {
    text = " " part[i]
    while (match(text, /[^a-z-]--[a-z][a-z0-9-]*/)) {
      option = substr(text, RSTART + 1, RLENGTH - 1)
      text = substr(text, RSTART + RLENGTH)
      if (!(option in options)) print FILENAME ":" FNR ": no option of the programs: " option
    }
  }
}
