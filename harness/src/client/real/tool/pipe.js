// A pipe through Node's TLS (or TCP alone): what comes in goes to the server, what the server sends comes out.
// Its one argument is JSON: port, host, authorities (a file), and the highest version of TLS or null for none.
// An error is told on the last line of the error output, by its code.
'use strict';
const { readFileSync } = require('node:fs');
const net = require('node:net');
const tls = require('node:tls');

const { port, host, authorities, highest } = JSON.parse(process.argv[2]);
const at = { host: '127.0.0.1', port };

function join(socket) {
  socket.pipe(process.stdout);
  process.stdin.pipe(socket);
}

const socket = highest === null
  ? net.connect(at, () => join(socket))
  : tls.connect({
    ...at,
    servername: net.isIP(host) ? '' : host,
    ca: readFileSync(authorities),
    maxVersion: highest,
    // Nobody listens at the host's own address: we know the way, and the name is still the URL's.
    checkServerIdentity: (_, certificate) => tls.checkServerIdentity(host, certificate),
  }, () => join(socket));

socket.on('error', (error) => {
  process.exitCode = 1;
  process.stderr.write(`${error.message}\n${error.code ?? error.name}\n`);
});
socket.on('close', () => process.stdin.destroy());
