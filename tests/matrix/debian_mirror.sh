# To be sourced.
# shellcheck shell=bash

# The mirror that this machine's own apt uses for Debian.
debian_mirror() {
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(LABEL)' 2>/dev/null | awk -F'|' '
    $2 == "Debian" && $3 == "Debian" && $1 ~ /^http/ { print $1; exit }'
}
