# A pipe through Python's TLS (or TCP alone): what comes in goes to the server, what the server sends comes out.
# Its one argument is JSON: port, host, authorities and secrets (files), and the highest version of TLS or null for
# none. An error is told on the last line of the error output.
import json
import os
import select
import socket
import ssl
import sys

ask = json.loads(sys.argv[1])


def connect():
    plain = socket.create_connection(("127.0.0.1", ask["port"]))
    if ask["highest"] is None:
        return plain
    context = ssl.create_default_context(cafile=ask["authorities"])
    context.keylog_filename = ask["secrets"]
    context.maximum_version = ssl.TLSVersion[ask["highest"]]
    return context.wrap_socket(plain, server_hostname=ask["host"])


def come(server):
    """What has come from the server; None if it was nothing for us, b"" at the end."""
    server.setblocking(False)
    try:
        return server.recv(65536)
    except (ssl.SSLWantReadError, BlockingIOError):
        return None
    finally:
        server.setblocking(True)


def relay(server):
    waiting = [0, server]
    while True:
        ready, _, _ = select.select(waiting, [], [])
        if server in ready:
            while (data := come(server)) is not None:
                if not data:
                    return
                sys.stdout.buffer.write(data)
                sys.stdout.buffer.flush()
        if 0 in ready:
            data = os.read(0, 65536)
            if data:
                server.sendall(data)
            else:
                waiting.remove(0)


try:
    relay(connect())
except ssl.SSLCertVerificationError as error:
    sys.exit(f"{error.verify_code} {error.verify_message}")
except ssl.SSLError as error:
    sys.exit(error.reason or type(error).__name__)
except OSError as error:
    sys.exit(type(error).__name__)
