#!/usr/bin/env bash
# require.sh python INTERPRETER | node | browser | tracer
#
# Makes sure that a tool is there which neither pip nor npm brings: installs it where this may be done
# (as root, or with a sudo that asks no password), and otherwise says in plain words what is missing.
set -euo pipefail

fail() {
  echo "mesher: $1" >&2
  exit 1
}

# apt_install PACKAGE WHY
apt_install() {
  local as_root=()
  if [[ $EUID -ne 0 ]]; then
    as_root=(sudo -n)
    sudo -n true 2>/dev/null || fail "$2. Install it with: sudo apt-get install $1"
  fi
  command -v apt-get >/dev/null || fail "$2. Install it with this system's package manager."
  echo "mesher: installing Debian's package $1" >&2
  "${as_root[@]}" apt-get update -qq
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
    apt-get install -qq -y --no-install-recommends "$1" >/dev/null
}

require_python() {
  local python=$1 version
  command -v "$python" >/dev/null || fail "$python is not there; Mesher needs Python 3.11 or newer"
  version=$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
  "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' ||
    fail "$python is Python $version; Mesher needs 3.11 or newer (make PYTHON=/path/to/python3.11)"
  # Debian ships the venv module without what it needs to put pip into the new environment.
  "$python" -c 'import ensurepip' 2>/dev/null ||
    apt_install "python$version-venv" "$python cannot make virtual environments"
}

require_node() {
  command -v npm >/dev/null || fail "npm is not there; the tests need Node.js 20.19 or newer with npm"
  node -e 'const [a, b] = process.versions.node.split("."); process.exit(+a > 20 || (+a === 20 && +b >= 19) ? 0 : 1)' ||
    fail "Node.js $(node --version) is too old; the tests need 20.19 or newer"
}

# The same names are looked for by tests/acceptance/conftest.py.
require_browser() {
  local name
  for name in chromium chromium-browser google-chrome; do
    command -v "$name" >/dev/null && return
  done
  apt_install chromium "the browser tests need Chromium"
}

# One test holds back flushes to disk with it, and is skipped without: no reason to stop the others.
require_tracer() {
  command -v strace >/dev/null && return
  (apt_install strace "the test of a slow disk needs strace") ||
    echo "mesher: going on without strace; the test of a slow disk is skipped" >&2
}

case ${1:-} in
  python) require_python "$2" ;;
  node) require_node ;;
  browser) require_browser ;;
  tracer) require_tracer ;;
  *) fail "usage: require.sh python INTERPRETER | node | browser | tracer" ;;
esac
