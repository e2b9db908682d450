#!/usr/bin/env bash
# Several instances of the proxy behind one HAProxy, as proxy/README.md shows it: tokens in one Redis, clients known by
# their PROXY headers, and instances that are drained and replaced one by one while clients come without pause. Fails if
# one session is not served to its end, or an instance did not get its part.
#
# Usage: ci/several.sh [SECONDS]      for so many seconds clients come; 24 by default
set -euo pipefail
cd "$(dirname "$0")/.."

seconds=${1:-24}
export PATH="$PATH:/usr/sbin"
for program in haproxy redis-server openssl curl; do
    command -v "$program" >/dev/null || { echo "$program is missing (ci/install.sh)" >&2; exit 2; }
done
cargo build --release --locked --quiet -p wssure-proxy -p wssure-bench
programs=$(realpath "${CARGO_TARGET_DIR:-target}/release")
folder=$(mktemp -d)
started=()
end() {
    for id in "${started[@]}"; do kill "$id" 2>/dev/null || true; done
    wait
    rm -rf "$folder"
}
trap end EXIT
cd "$folder"

# Below the ports that the system gives away by itself.
port=$((21000 + RANDOM % 9000))
front=$port redis=$((port + 1)) target=$((port + 2))
openssl req -new -x509 -days 90 -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=authority \
    -out authority.pem -keyout authority.key 2>/dev/null
openssl req -new -nodes -newkey ec -pkeyopt ec_paramgen_curve:P-256 -subj /CN=bench.example.test \
    -out request.pem -keyout self.key 2>/dev/null
openssl x509 -req -in request.pem -CA authority.pem -CAkey authority.key -days 90 -out self.pem 2>/dev/null \
    -extfile <(echo 'subjectAltName=DNS:bench.example.test')

redis-server --port "$redis" --bind 127.0.0.1 --save '' --logfile redis.log &
started+=($!)
# The target: whatever it gets, it sends back.
python3 - "$target" <<'PYTHON' &
import asyncio, sys
async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
    writer.close()
async def main():
    await (await asyncio.start_server(echo, "127.0.0.1", int(sys.argv[1]))).serve_forever()
asyncio.run(main())
PYTHON
started+=($!)

# Instance number N listens on port + 10 * N, and tells how it is on the port after that.
ids=()
instance() {
    local at=$((port + 10 * $1))
    "$programs/wssure-proxy" --cert self.pem --key self.key --ssl-only --proxy-protocol 127.0.0.1 \
        --token-plugin TokenRedis --token-source "127.0.0.1:$redis" \
        --metrics "127.0.0.1:$((at + 1))" --drain 30 --log-file "proxy-$1.log" "127.0.0.1:$at" &
    ids[$1]=$!
    started+=($!)
}
until redis-cli -p "$redis" set desk "127.0.0.1:$target" >/dev/null 2>&1; do sleep 0.1; done
for number in 1 2 3; do instance "$number"; done

cat >haproxy.cfg <<END
global
    maxconn 1000
defaults
    mode tcp
    timeout connect 5s
    timeout client 1h
    timeout server 1h
    # One that was told to end since it was looked at last is tried once, and then another.
    retries 3
    option redispatch 1
frontend clients
    bind 127.0.0.1:$front
    default_backend proxies
backend proxies
    balance leastconn
    option httpchk GET /healthz
    default-server check inter 500ms fall 1 rise 1 send-proxy-v2
$(for number in 1 2 3; do
    at=$((port + 10 * number))
    echo "    server proxy$number 127.0.0.1:$at port $((at + 1))"
done)
END
haproxy -db -f haproxy.cfg >haproxy.log 2>&1 &
started+=($!)
for number in 1 2 3; do
    until curl -sf "http://127.0.0.1:$((port + 10 * number + 1))/healthz" >/dev/null; do sleep 0.1; done
done
sleep 1

"$programs/wssure-bench" visit "127.0.0.1:$front" --cafile authority.pem --path '/websockify?token=desk' \
    --seconds "$seconds" --longest 3 --clients 30 >visits 2>&1 &
visits=$!
for number in 1 2 3; do
    sleep $((seconds / 8))
    kill -TERM "${ids[$number]}"
    # It ends with its last session, long before the limit.
    wait "${ids[$number]}"
    grep -q 'no more connections' "proxy-$number.log" || grep -q -i drain "proxy-$number.log"
    instance "$number"
done
if ! wait "$visits"; then
    cat visits haproxy.log
    tail -n 5 proxy-*.log
    exit 1
fi
cat visits
for number in 1 2 3; do
    sessions=$(grep -c 'SSL/TLS (wss://) WebSocket connection' "proxy-$number.log" || true)
    clients=$(grep -c 'client 127.0.0.1:' "proxy-$number.log" || true)
    echo "instance $number: $sessions sessions, drained and replaced once"
    if [ "$sessions" -lt 10 ] || [ "$clients" -lt 10 ]; then exit 1; fi
done
