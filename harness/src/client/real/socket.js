// Opens a WebSocket, sends the payload, waits until as many bytes have come back, closes, and reports.
// Runs in browsers of any age that speak WebSocket.
var url = arguments[0], payload = arguments[1], mustReturn = arguments[2], patience = arguments[3];
var done = arguments[arguments.length - 1];
var seen = { events: [], close: null, came: null, threw: null, late: false };
var parts = [], length = 0, timer = null, socket;

function bytes(text) {
  var raw = atob(text), array = new Uint8Array(raw.length);
  for (var i = 0; i < raw.length; i++) array[i] = raw.charCodeAt(i);
  return array;
}
function report() {
  if (!done) return;
  clearTimeout(timer);
  var raw = "";
  parts.forEach(function (part) {
    new Uint8Array(part).forEach(function (byte) { raw += String.fromCharCode(byte); });
  });
  if (parts.length) seen.came = btoa(raw);
  done(seen);
  done = null;
}
function within(milliseconds, then) {
  clearTimeout(timer);
  timer = setTimeout(then, milliseconds);
}
function goodbye() {
  socket.close(1000);
  within(2000, report);
}

try {
  socket = new WebSocket(url);
} catch (error) {
  seen.threw = String(error);
  report();
  return;
}
socket.binaryType = "arraybuffer";
within(patience, function () { seen.late = true; socket.close(); report(); });
socket.onopen = function () {
  seen.events.push("open");
  if (payload === null) return goodbye();
  socket.send(bytes(payload));
  if (!mustReturn) within(2000, goodbye);
};
socket.onmessage = function (event) {
  if (seen.events[seen.events.length - 1] !== "message") seen.events.push("message");
  var part = typeof event.data === "string" ? new TextEncoder().encode(event.data).buffer : event.data;
  parts.push(part);
  length += part.byteLength;
  if (payload !== null && length >= bytes(payload).length) goodbye();
};
socket.onerror = function () { seen.events.push("error"); };
socket.onclose = function (event) {
  seen.events.push("close");
  seen.close = { code: event.code, reason: event.reason, clean: event.wasClean };
  report();
};
