"""A WebSocket session through a proxy at the first port to a server of our own at the second; fails if a byte is lost.

Used by package-test.sh, in a network where there is nothing else.
"""
import os
import socket
import sys
import threading

proxy, target = map(int, sys.argv[1:])
GREETING = b"RFB 003.008\n"
SENT = os.urandom(100)

server = socket.create_server(("127.0.0.1", target))


def serve():
    client, _ = server.accept()
    client.sendall(GREETING)
    while data := client.recv(4096):
        client.sendall(data)


threading.Thread(target=serve, daemon=True).start()

stream = socket.create_connection(("127.0.0.1", proxy)).makefile("rwb")
stream.write(
    b"GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
stream.flush()
status = stream.readline()
assert b" 101 " in status, status
while stream.readline().strip():
    pass

mask = os.urandom(4)
masked = bytes(byte ^ mask[at % 4] for at, byte in enumerate(SENT))
stream.write(bytes([0x82, 0x80 | len(SENT)]) + mask + masked)
stream.flush()

received = b""
while len(received) < len(GREETING) + len(SENT):
    first, length = stream.read(2)
    assert first == 0x82 and length < 126, (first, length)
    received += stream.read(length)
assert received == GREETING + SENT, received
print("a session through the proxy: every byte came")
