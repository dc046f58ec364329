# What script/server and script/test share: a heading, and the installation of what is missing.

heading() { printf '\n\033[1m== %s\033[0m\n' "$*"; }

fail() {
  printf '%s\n' "$*" >&2
  exit 1
}

# install PACKAGE...: Debian packages, as root or with sudo.
install() {
  command -v apt-get >/dev/null || fail "Please install: $* (no apt-get here to do it for you)."
  local sudo=""
  [ "$(id -u)" = 0 ] || sudo="sudo"
  heading "Installing $*"
  $sudo apt-get update -qq
  DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

# need COMMAND PACKAGE: installs the package when the command is missing.
need() { command -v "$1" >/dev/null || install "$2"; }

# The server's programs are in no PATH; which version does not matter.
need_postgres() { compgen -G '/usr/lib/postgresql/*/bin/initdb' >/dev/null || install postgresql; }

toolchains() {
  command -v cargo >/dev/null || fail "Rust is missing. Install it from https://rustup.rs and run this again."
  command -v node >/dev/null || fail "Node.js 20 or newer is missing. Install it from https://nodejs.org and run this again."
  [ "$(node -p 'parseInt(process.versions.node)')" -ge 20 ] || fail "Node.js 20 or newer is needed; this is $(node --version)."
  need cc build-essential
  need cmake cmake
}

web_packages() {
  # The marker is older than the lock file after every change of a dependency.
  if [ ! -e web/node_modules/.installed ] || [ web/package-lock.json -nt web/node_modules/.installed ]; then
    heading "Web packages"
    (cd web && npm ci --no-audit --no-fund --loglevel=error)
    touch web/node_modules/.installed
  fi
}
