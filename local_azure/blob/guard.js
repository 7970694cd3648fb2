"use strict";
// Loaded into Azurite before its own code (node --require). Azurite itself is not changed.
//
// 1. Ends Azurite when its parent is gone, however that ended: standard input is a pipe that then closes. The orderly
//    end matters, since Azurite writes its index of blobs only every five seconds and when it stops.
// 2. Answers writes with a clear error while the disk is full. Alone, Azurite answers 500 without code or text to a
//    failed write, and loses the index silently.
const fs = require("fs");
const http = require("http");

const FORCED_END_MS = 4000;
const location = process.argv[process.argv.indexOf("--location") + 1];
const reserve = Number(process.env.LOCAL_AZURE_BLOB_RESERVE_BYTES);

process.stdin.on("end", endOrderly).on("error", endOrderly).resume();
process.stdin.unref();

function endOrderly() {
  setTimeout(() => process.exit(1), FORCED_END_MS).unref();
  process.kill(process.pid, "SIGTERM");
}

const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, request, response) {
  if (event !== "request" || !["PUT", "POST", "PATCH"].includes(request.method)) {
    return emit.apply(this, arguments);
  }
  fs.statfs(location, (error, disk) => {
    const free = error ? 0 : disk.bavail * disk.bsize;
    if (free < reserve) {
      refuse(request, response, error ? error.message : describe(free));
    } else {
      emit.call(this, event, request, response);
    }
  });
  return true;
};

function describe(free) {
  const megabytes = (bytes) => (bytes / 1048576).toFixed(0);
  return (
    `the disk of ${location} is full (${megabytes(free)} MB free, ${megabytes(reserve)} MB are kept back): ` +
    "free some space there, then run the task again; nothing that was landed is lost"
  );
}

function refuse(request, response, message) {
  const escaped = message.replace(/[<>&]/g, (c) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[c]);
  console.error(`InsufficientStorage: ${message}`);
  request.resume();
  request.on("end", () => {
    response.writeHead(507, "Insufficient Storage", {
      "x-ms-error-code": "InsufficientStorage",
      "content-type": "application/xml",
    });
    response.end(
      '<?xml version="1.0" encoding="utf-8"?>' +
        `<Error><Code>InsufficientStorage</Code><Message>${escaped}</Message></Error>`,
    );
  });
}
