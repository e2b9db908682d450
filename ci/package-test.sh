#!/usr/bin/env bash
# Installs the Debian package in a fresh Debian, boots that with systemd in namespaces of its own, and has the service
# started, used, reloaded, misconfigured, stopped and removed there. Needs root, debootstrap and python3.
#
# Usage: ci/package-test.sh PACKAGE.deb FOLDER      FOLDER keeps the fresh Debian, for the next time
set -euo pipefail

package=$(realpath "${1:?usage: ci/package-test.sh PACKAGE.deb FOLDER}")
folder=$(mkdir -p "${2:?usage: ci/package-test.sh PACKAGE.deb FOLDER}" && cd "$2" && pwd)
limit=60 # seconds for whatever is waited for

step() { printf '\n== %s\n' "$*"; }
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

[ "$(id -u)" -eq 0 ] || fail "this needs root, for debootstrap and namespaces"
if ! command -v debootstrap >/dev/null; then
    apt-get update
    DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends debootstrap
fi

step "a fresh Debian"
fresh=$folder/bookworm.tar
if [ ! -f "$fresh" ]; then
    rm -rf "$folder/new"
    debootstrap --variant=minbase --include=systemd-sysv,dbus bookworm "$folder/new" >"$folder/debootstrap.log" \
        || { tail "$folder/debootstrap.log" >&2; fail debootstrap; }
    tar --create --file "$fresh.part" --directory "$folder/new" .
    mv "$fresh.part" "$fresh"
    rm -rf "$folder/new"
fi
root=$(mktemp -d "$folder/root.XXXXXX")
boot=
finish() {
    # The first process of the namespace takes all others with it.
    if [ -n "$boot" ]; then
        kill -KILL "$boot" 2>/dev/null || true
        wait "$boot" 2>/dev/null || true
    fi
    rm -rf "$root"
}
trap finish EXIT
tar --extract --file "$fresh" --directory "$root"

step "installing"
cp "$package" "$root/package.deb"
chroot "$root" env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends /package.deb >"$folder/apt.log" 2>&1 \
    || { tail "$folder/apt.log" >&2; fail "apt-get install"; }
chroot "$root" wssure-proxy --version
chroot "$root" wssure-proxy --config /etc/wssure-proxy.toml --check
for file in /usr/share/man/man1/wssure-proxy.1.gz /etc/wssure-proxy.toml \
    /usr/share/bash-completion/completions/wssure-proxy; do
    [ -s "$root$file" ] || fail "$file is not there"
done

step "booting"
cat >"$root/enter" <<'END'
set -e
mount --make-rprivate /
mount --bind "$1" "$1"
cd "$1"
mount -t proc proc proc
mount -t sysfs -o ro sysfs sys
mount -t tmpfs tmpfs run
mount -t tmpfs tmpfs tmp
if [ -f /sys/fs/cgroup/cgroup.controllers ]; then
    mount -t cgroup2 cgroup2 sys/fs/cgroup
else
    mount -t tmpfs tmpfs sys/fs/cgroup
    mkdir sys/fs/cgroup/systemd
    mount -t cgroup -o none,name=systemd cgroup sys/fs/cgroup/systemd
fi
exec env -i container=test PATH=/usr/sbin:/usr/bin chroot . /lib/systemd/systemd --log-target=journal
END
unshare --mount --pid --fork --kill-child --uts --ipc --cgroup --net bash "$root/enter" "$root" >"$folder/boot.log" 2>&1 &
boot=$!
init() { pgrep --parent "$boot" | head -n 1; }
inside() { nsenter --target "$(init)" --mount --pid --uts --ipc --cgroup --net --root --wd=/ "$@"; }
# A program of this machine, in the network of that one.
beside() { nsenter --target "$(init)" --net "$@"; }
deadline=$((SECONDS + limit))
until state=$(inside systemctl is-system-running 2>/dev/null) || [ "$state" = degraded ]; do
    [ "$SECONDS" -lt "$deadline" ] || { cat "$folder/boot.log" >&2; fail "it does not boot: ${state:-nothing}"; }
    sleep 0.2
done
beside ip link set lo up 2>/dev/null || inside ip link set lo up 2>/dev/null || true
echo "booted: $state"

journal() { inside journalctl --unit wssure-proxy --no-pager --output cat; }
service() { inside systemctl "$@" wssure-proxy || { journal >&2; fail "systemctl $1"; }; }

step "starting the service, and a session through it"
[ "$(inside systemctl is-enabled wssure-proxy)" = disabled ] || fail "it is enabled before anybody has configured it"
service start
pid=$(inside systemctl show --property MainPID --value wssure-proxy)
user=$(inside ps -o user= -p "$pid" 2>/dev/null || inside stat --format %U "/proc/$pid")
[ "$user" = wssure-proxy ] || fail "it runs as $user"
inside grep -q '^NoNewPrivs:[[:space:]]*1' "/proc/$pid/status" || fail "it could gain privileges"
inside grep -q '^Seccomp:[[:space:]]*2' "/proc/$pid/status" || fail "its system calls are not filtered"
beside timeout "$limit" python3 "$(dirname "$0")/package-session.py" 6080 5900
inside systemd-analyze security --no-pager --threshold=20 wssure-proxy | tail -n 1

step "reloading"
service reload
[ "$(inside systemctl show --property MainPID --value wssure-proxy)" = "$pid" ] || fail "a reload has ended it"

step "a configuration that is wrong"
inside sed -i 's/^target = .*/targett = "127.0.0.1:5900"/' /etc/wssure-proxy.toml
if inside systemctl restart wssure-proxy; then fail "it starts with an option that there is not"; fi
journal | grep -F '/etc/wssure-proxy.toml line 6, column 1: there is no option `targett`; did you mean `target`?' \
    || { journal >&2; fail "the journal does not say what is wrong"; }
inside sed -i 's/^targett = /target = /' /etc/wssure-proxy.toml
inside systemctl reset-failed wssure-proxy
service start

step "stopping and removing"
service stop
[ "$(inside systemctl show --property Result --value wssure-proxy)" = success ] || { journal >&2; fail "it ended badly"; }
inside env DEBIAN_FRONTEND=noninteractive apt-get purge -y wssure-proxy >"$folder/apt.log" 2>&1 \
    || { tail "$folder/apt.log" >&2; fail "apt-get purge"; }
left=$(inside find /etc /usr/bin /usr/lib/systemd /usr/share -name '*wssure-proxy*')
[ -z "$left" ] || fail "left behind: $left"
echo
echo "all is well"
