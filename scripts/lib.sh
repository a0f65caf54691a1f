# Shared by the scripts of this folder; sourced, not run.

repo_dir=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
packages_file=$repo_dir/scripts/packages.txt

say() { printf '%s\n' "$*" >&2; }
die() {
  say "error: $*"
  exit 1
}

jobs() { nproc 2>/dev/null || echo 2; }

# Packages of the groups given, one per line.
packages_of() {
  local group
  for group in "$@"; do
    awk -v want="[$group]" '/^\[/ { on = ($0 == want); next } on && NF && !/^#/ { print $1 }' "$packages_file"
  done
}
