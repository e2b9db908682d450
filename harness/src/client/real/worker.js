// Runs the script that opens a WebSocket in a worker of this page, and hands on what it reports.
var script = arguments[0], given = Array.prototype.slice.call(arguments, 1, -1);
var done = arguments[arguments.length - 1];
var code = "onmessage = function (message) {\n" +
  "  (function () {" + script + "\n}).apply(null, message.data.concat([function (seen) { postMessage(seen); }]));\n" +
  "};";
var worker = new Worker(URL.createObjectURL(new Blob([code], { type: "text/javascript" })));
worker.onmessage = function (message) {
  worker.terminate();
  done(message.data);
};
worker.onerror = function (error) {
  worker.terminate();
  done({ events: [], close: null, came: null, threw: "the worker: " + error.message, late: false });
};
worker.postMessage(given);
