"use strict";
// Loaded into Azurite before its own code (node --require). Azurite itself is not changed.
//
// 1. Ends Azurite when its parent is gone, however that ended: standard input is a pipe that then closes. The orderly
//    end matters, since Azurite writes its index of blobs only every five seconds and when it stops.
// 2. Answers writes with a clear error while the disk is full. Alone, Azurite answers 500 without code or text to a
//    failed write, and loses the index silently.
// 3. Serves the same blobs over TLS on a port of its own when a line of JSON on standard input asks for it:
//    {"port", "certificate", "key", "publicKey"}. Azurite has one listener, http or https, and takes bearer tokens over
//    https only; two Azurites on one folder destroy each other's index. It checks issuer, audience and lifetime of a
//    token but no signature ("--oauth basic"), so that is done here.
const crypto = require("crypto");
const fs = require("fs");
const http = require("http");
const https = require("https");
const path = require("path");
const readline = require("readline");

const FORCED_END_MS = 4000;
const location = process.argv[process.argv.indexOf("--location") + 1];
const reserve = Number(process.env.LOCAL_AZURE_BLOB_RESERVE_BYTES);
const accounts = (process.env.AZURITE_ACCOUNTS || "").split(";").map((account) => account.split(":")[0]);
const UNSIGNED = {
  status: 401,
  code: "InvalidAuthenticationInfo",
  message: "the bearer token is not signed by this state folder's identity service (see 'local-azure env')",
};

// Azurite's own server, once it listens; what standard input asked for; the key that signed our tokens.
let azurite, wanted, publicKey;

process.stdin.on("end", endOrderly).on("error", endOrderly);
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  wanted = JSON.parse(line);
  publicKey = crypto.createPublicKey(wanted.publicKey);
  serveTls();
});
process.stdin.unref();

function endOrderly() {
  setTimeout(() => process.exit(1), FORCED_END_MS).unref();
  process.kill(process.pid, "SIGTERM");
}

const emit = http.Server.prototype.emit;
http.Server.prototype.emit = function (event, request, response) {
  if (event === "listening") {
    azurite = this;
    serveTls();
  }
  const refusal = event === "request" && (unknownAccount(request) || unsigned(request));
  if (refusal) {
    refuse(request, response, refusal);
    return true;
  }
  if (event !== "request" || !["PUT", "POST", "PATCH"].includes(request.method)) {
    return emit.apply(this, arguments);
  }
  fs.statfs(location, (error, disk) => {
    const free = error ? 0 : disk.bavail * disk.bsize;
    if (free < reserve) {
      const message = error ? error.message : describe(free);
      console.error(`InsufficientStorage: ${message}`);
      refuse(request, response, { status: 507, code: "InsufficientStorage", message });
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

// Tells the two protocols apart by the socket, as Azurite does; each request goes the way of the plain ones.
function serveTls() {
  if (!azurite || !wanted) return;
  const files = { cert: fs.readFileSync(wanted.certificate), key: fs.readFileSync(wanted.key) };
  const front = https.createServer(files, (request, response) => azurite.emit("request", request, response));
  front.keepAliveTimeout = azurite.keepAliveTimeout;
  azurite.on("close", () => front.close() && front.closeAllConnections());
  front.on("error", (error) => {
    console.error(`no TLS: ${error.message}`);
    process.exit(1);
  });
  front.listen(wanted.port, azurite.address().address, () => {
    console.log(`Azurite also listens on https://${front.address().address}:${front.address().port}`);
  });
}

// With OAuth on, Azurite tells the user of a wrong account key that it is not a token: 400 instead of Azure's 403.
// The program may have been found by a link on PATH.
const folder = path.dirname(fs.realpathSync(process.argv[1]));
const { default: Authenticator } = require(path.join(folder, "authentication", "BlobTokenAuthenticator"));
const { validate } = Authenticator.prototype;
Authenticator.prototype.validate = async function (request, context) {
  const header = request.getHeader("authorization") || "";
  return header.startsWith("SharedKey") ? undefined : validate.call(this, request, context);
};

// Azurite would say that a resource was not found, which a client takes for a missing blob.
function unknownAccount(request) {
  const host = (request.headers.host || "").split(":")[0];
  const name = request.url.split(/[/?]/)[1];
  if (!name || accounts.includes(name.replace(/-secondary$/, "")) || !/^[\d.]+$|^localhost$/.test(host)) return null;
  const known = accounts.join(", ");
  const message = `storage account '${name}' is not one of this machine's (${known}): 'local-azure up --storage-account'`;
  return { status: 400, code: "UnknownStorageAccount", message };
}

// Over http Azurite refuses every token itself.
function unsigned(request) {
  const header = request.headers.authorization || "";
  if (!header.toLowerCase().startsWith("bearer") || !request.socket.encrypted) return null;
  // Cut as Azurite cuts it, whatever the character after the word: what it reads must be what is checked.
  const [head, claims, signature = ""] = header.slice("Bearer ".length).split(".");
  try {
    if (JSON.parse(Buffer.from(head, "base64url")).alg !== "RS256") return UNSIGNED;
  } catch {
    return UNSIGNED;
  }
  const signed = Buffer.from(`${head}.${claims}`);
  return crypto.verify("sha256", signed, publicKey, Buffer.from(signature, "base64url")) ? null : UNSIGNED;
}

function refuse(request, response, { status, code, message }) {
  const escaped = message.replace(/[<>&]/g, (c) => ({ "<": "&lt;", ">": "&gt;", "&": "&amp;" })[c]);
  request.resume();
  request.on("end", () => {
    response.writeHead(status, { "x-ms-error-code": code, "content-type": "application/xml" });
    response.end(
      '<?xml version="1.0" encoding="utf-8"?>' + `<Error><Code>${code}</Code><Message>${escaped}</Message></Error>`,
    );
  });
}
