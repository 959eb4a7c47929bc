#!/bin/sh
# Makes sure that a Chromium is on the PATH, for the tests in tests/browser.
set -eu

for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null; then exit 0; fi
done

stop() {
    printf '%s\n' "$*" >&2
    exit 1
}

command -v apt-get >/dev/null || stop "Chromium manque, et apt-get aussi : installe Chromium
avec les outils de ce système, puis recommence."
[ "$(id -u)" -eq 0 ] || stop "Chromium manque. Installe-le : sudo apt-get install chromium"
echo "Installation de Chromium…"
apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -qq -y chromium >/dev/null ||
    stop "Chromium n’a pas pu être installé : le message est au-dessus."
