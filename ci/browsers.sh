#!/usr/bin/env bash
# Installs the real clients that `wssure run --client real:...` drives, on Debian and its relatives: Chromium,
# Firefox ESR, WebKitGTK (GNOME Web), curl, openssl, gnutls-cli, and the drivers of the browsers. Node and Python
# are taken as they are found. datefudge gives them another time, for the cases of x509-limbo that want one.
#
# Usage: ci/browsers.sh FOLDER      afterwards: PATH="FOLDER/bin:$PATH" (geckodriver is built there, some minutes)
set -euo pipefail

folder=${1:?usage: ci/browsers.sh FOLDER}
geckodriver_version=0.37.1

as_root() {
    if [ "$(id -u)" -eq 0 ]; then "$@"; else sudo "$@"; fi
}

packages=(
    chromium chromium-driver libnss3-tools
    firefox-esr
    epiphany-browser webkit2gtk-driver xvfb dbus-daemon util-linux
    curl gnutls-bin openssl
    datefudge
)
# A package that is only half there, or not at all, has no "install ok installed".
missing=()
for package in "${packages[@]}"; do
    [ "$(dpkg-query --show --showformat '${Status}' "$package" 2>/dev/null)" = "install ok installed" ] \
        || missing+=("$package")
done
command -v node >/dev/null || missing+=(nodejs)
command -v python3 >/dev/null || missing+=(python3)
if [ ${#missing[@]} -gt 0 ]; then
    as_root apt-get update
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"
fi

if [ "$("$folder/bin/geckodriver" --version 2>/dev/null | sed -n '1s/geckodriver \([^ ]*\).*/\1/p')" != "$geckodriver_version" ]; then
    cargo install geckodriver --version "$geckodriver_version" --locked --root "$folder"
fi
