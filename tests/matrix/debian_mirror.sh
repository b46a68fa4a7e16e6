# To be sourced.
# shellcheck shell=bash

# The mirror that this machine's own apt uses for Debian.
debian_mirror() {
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(REPO_URI)|$(ORIGIN)|$(LABEL)' 2>/dev/null | awk -F'|' '
    $2 == "Debian" && $3 == "Debian" && $1 ~ /^http/ { print $1; exit }'
}

# debian_sources DIR: options for apt-get in `apt_options`, with the sources of the Debian
# packages that this machine's apt knows; lists and caches are kept in DIR.
debian_sources() {
  local dir=$1
  mkdir -p "$dir/lists/partial" "$dir/archives/partial"
  # shellcheck disable=SC2016  # apt's own variables
  apt-get indextargets --format '$(CREATED_BY)|$(REPO_URI)|$(RELEASE)|$(COMPONENT)|$(ORIGIN)' | awk -F'|' '
    $1 == "Packages" && $5 == "Debian" {
      print "deb-src [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]", $2, $3, $4 }' >"$dir/sources.list"
  # shellcheck disable=SC2034  # for the caller
  apt_options=(-qq -o "Dir::Etc::SourceList=$dir/sources.list" -o Dir::Etc::SourceParts=/nonexistent -o "Dir::State::Lists=$dir/lists"
    -o "Dir::Cache=$dir" -o APT::Sandbox::User=root)
}
