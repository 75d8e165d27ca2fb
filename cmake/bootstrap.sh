# Sourced by quickstart.sh and test.sh: installs what is missing and builds the preset `release`.
# Safe to repeat: what is there is left alone.

# Debian packages the build and the tests need.
packages=(g++ git make pkg-config python3 python3-venv libcli11-dev nlohmann-json3-dev libjpeg62-turbo-dev
    libspng-dev libsqlite3-dev libgtest-dev libbenchmark-dev)

say() { printf '\n== %s\n' "$*"; }

as_root() {
    if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi
}

install_packages() {
    local missing=() name
    for name in "${packages[@]}" "$@"; do
        dpkg-query -W -f '${Status}' "$name" 2>/dev/null | grep -q 'ok installed' ||
            missing+=("$name")
    done
    [ ${#missing[@]} = 0 ] && return
    say "Installing Debian packages: ${missing[*]}"
    as_root apt-get update -q
    as_root env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -q --no-install-recommends "${missing[@]}"
}

# .venv, or the environment that INVOLUTE_VENV names.
install_python() { # further files of requirements
    venv=${INVOLUTE_VENV:-$PWD/.venv}
    export INVOLUTE_VENV=$venv
    [ -x "$venv/bin/python" ] || { say "Making $venv"; python3 -m venv "$venv"; }
    local file
    for file in requirements.txt "$@"; do
        cmp -s "$file" "$venv/.involute-$file" && continue
        say "Installing what $file names into $venv"
        "$venv/bin/pip" install -q --disable-pip-version-check -r "$file"
        cp "$file" "$venv/.involute-$file"
    done
    PATH=$venv/bin:$PATH
}

build() { # cmake options
    say "Configuring"
    cmake --preset release "$@"
    say "Building"
    cmake --build --preset release
}

# For 64-bit ARM, with a cross compiler: the targets that are named, or all.
build_arm() { # cmake --build options
    say "Configuring for ARM"
    cmake --preset aarch64
    say "Building for ARM"
    cmake --build --preset aarch64 "$@"
}
