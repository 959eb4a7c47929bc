#!/bin/sh
# Makes the virtual environment and installs a lock in it: tools/setup.sh FOLDER LOCK
# What it says is in French: those who run it are those who run the product.
set -eu

venv=$1
lock=$2

say() { printf '%s\n' "$*"; }
stop() {
    printf '\n%s\n' "$*" >&2
    exit 1
}

is_between() { # COMMAND LOW HIGH: does it run, and is its 3.x version in [LOW, HIGH]?
    "$1" -c "import sys; sys.exit(not ((3, $2) <= sys.version_info[:2] <= (3, $3)))" >/dev/null 2>&1
}
can_make_venv() { "$1" -c 'import venv, ensurepip' >/dev/null 2>&1; }

choose_python() { # prints the first command that fits; 3.14 and later only when nothing else does
    for highest in 13 99; do
        for command in ${PYTHON:-python3.13 python3.12 python3.11 python3 python3.14}; do
            if is_between "$command" 11 "$highest" && can_make_venv "$command"; then
                printf '%s' "$command"
                return
            fi
        done
    done
}

explain_no_python() {
    for command in ${PYTHON:-python3.13 python3.12 python3.11 python3}; do
        if is_between "$command" 11 99; then
            version=$("$command" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
            stop "Python $version est là, mais sans de quoi créer un environnement virtuel.
Sous Debian ou Ubuntu : sudo apt-get install python$version-venv
(ou python3-venv), puis recommence."
        fi
    done
    found=$("${PYTHON:-python3}" --version 2>/dev/null || echo "aucun « ${PYTHON:-python3} »")
    stop "Il faut Python 3.11, 3.12 ou 3.13 ; trouvé : $found.
Installe-le (Debian, Ubuntu : sudo apt-get install python3 python3-venv), ou dis où il est :
make $(basename "$lock" .txt) PYTHON=/chemin/vers/python3.12"
}

if ! "$venv/bin/python" -m pip --version >/dev/null 2>&1; then
    python=$(choose_python)
    [ -n "$python" ] || explain_no_python
    say "Environnement virtuel $venv, avec $("$python" --version)…"
    rm -rf "$venv"
    "$python" -m venv "$venv" || {
        rm -rf "$venv"
        stop "L’environnement virtuel n’a pas pu être créé : le message est au-dessus."
    }
fi

pip() {
    "$venv/bin/python" -m pip --disable-pip-version-check --no-input -qq "$@" ||
        stop "L’installation s’est arrêtée : la raison est au-dessus.
Le plus souvent, pas de réseau ou un proxy à indiquer (HTTPS_PROXY) ; parfois, une machine sans
paquets tout prêts (il faut Linux x86-64 ou Arm 64 bits, et Python 3.11 à 3.13)."
}

say "Bibliothèques de $lock : une à deux minutes la première fois…"
# http-ece (which pywebpush needs) has no ready-made package: it is built here, with the setuptools
# of the lock, so that nothing unpinned is downloaded to build it.
maker=$(mktemp)
awk '/^setuptools==/ { found = 1 } found { print; if (!/\\$/) exit }' "$lock" >"$maker"
pip install --require-hashes --only-binary :all: -r "$maker"
rm -f "$maker"
pip install --require-hashes --only-binary :all: --no-binary http-ece --no-build-isolation -r "$lock"
say "Le projet lui-même…"
pip install --no-deps --no-build-isolation --config-settings editable_mode=compat --editable .
