#!/usr/bin/env node
// Generated from src/audit/verify.ts by npm run gen. Needs nothing but Node.

// src/audit/verify-main.ts
import { isUtf8 } from "node:buffer";
import { createReadStream, readFileSync } from "node:fs";
import { parseArgs } from "node:util";

// src/audit/signing-key.ts
import { createPublicKey } from "node:crypto";

// src/lib/errors.ts
var AppError = class extends Error {
  detail;
  constructor(message, options = {}) {
    super(message, options.cause === void 0 ? void 0 : { cause: options.cause });
    this.name = new.target.name;
    this.detail = options.detail;
  }
};
var InvalidInput = class extends AppError {
  code = "invalid_input";
  status = 400;
};

// src/audit/signing-key.ts
function parsePublicKeys(pem) {
  const blocks = pem.match(/-----BEGIN PUBLIC KEY-----[^-]+-----END PUBLIC KEY-----/g) ?? [];
  if (blocks.length === 0) {
    throw new InvalidInput("There is no public key in PEM form (BEGIN PUBLIC KEY) in the key file.");
  }
  return blocks.map(parsePublicKey);
}
function parsePublicKey(pem) {
  const message = "The key file holds something that is not an Ed25519 public key.";
  let key;
  try {
    key = createPublicKey(pem);
  } catch (error) {
    throw new InvalidInput(message, { cause: error });
  }
  if (key.asymmetricKeyType !== "ed25519") {
    throw new InvalidInput(message);
  }
  return key;
}

// src/audit/canonical-json.ts
var MAX_DEPTH = 64;
var PLAIN = /^[ !#-[\]-\uD7FF\uE000-\uFFFF]*$/;
function refuse(_value, why) {
  throw new TypeError(`Not canonical JSON: ${why}.`);
}
function canonicalJson(value, replace = refuse, depth = 0) {
  if (typeof value === "string") {
    if (PLAIN.test(value)) {
      return `"${value}"`;
    }
    return JSON.stringify(value.isWellFormed() ? value : replace(value, "a lone surrogate"));
  }
  if (typeof value === "number") {
    const isExact = Number.isFinite(value) && !Object.is(value, -0);
    return isExact ? String(value) : JSON.stringify(replace(value, "a number that is -0 or not finite"));
  }
  if (value === null || typeof value === "boolean") {
    return String(value);
  }
  if (typeof value !== "object") {
    return JSON.stringify(replace(value, `a value of type ${typeof value}`));
  }
  if (depth >= MAX_DEPTH) {
    return JSON.stringify(replace(value, `nesting deeper than ${MAX_DEPTH}`));
  }
  return Array.isArray(value) ? arrayText(value, replace, depth + 1) : objectText(value, replace, depth + 1);
}
function findCanonicalJson(text) {
  try {
    const value = JSON.parse(text);
    const exact = hasSortedKeys(value) && !text.includes("\\ud") ? JSON.stringify(value) : canonicalJson(value);
    return exact === text ? value : void 0;
  } catch {
    return void 0;
  }
}
function hasSortedKeys(value, depth = 0) {
  if (typeof value !== "object" || value === null) {
    return true;
  }
  if (depth >= MAX_DEPTH) {
    return false;
  }
  if (Array.isArray(value)) {
    return value.every((item) => hasSortedKeys(item, depth + 1));
  }
  let previous = "";
  for (const key in value) {
    if (key < previous || !hasSortedKeys(value[key], depth + 1)) {
      return false;
    }
    previous = key;
  }
  return true;
}
function arrayText(items, replace, depth) {
  let text = "";
  for (let index = 0; index < items.length; index++) {
    text += (index === 0 ? "" : ",") + canonicalJson(items[index], replace, depth);
  }
  return `[${text}]`;
}
function objectText(value, replace, depth) {
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== Object.prototype && prototype !== null) {
    return JSON.stringify(replace(value, "an object that is not plain"));
  }
  const keys = Object.keys(value);
  if (!isSorted(keys)) {
    keys.sort();
  }
  let text = "";
  for (const key of keys) {
    const isPlain = PLAIN.test(key);
    if (!isPlain && !key.isWellFormed()) {
      return JSON.stringify(replace(value, "a key with a lone surrogate"));
    }
    const item = value[key];
    if (item !== void 0) {
      text += `${text === "" ? "" : ","}${isPlain ? `"${key}"` : JSON.stringify(key)}:${canonicalJson(item, replace, depth)}`;
    }
  }
  return `{${text}}`;
}
function isSorted(keys) {
  let previous = "";
  for (const key of keys) {
    if (key < previous) {
      return false;
    }
    previous = key;
  }
  return true;
}

// src/audit/checkpoint.ts
import { createPublicKey as createPublicKey2, sign, verify } from "node:crypto";

// src/lib/crypto.ts
import { hash, timingSafeEqual } from "node:crypto";
function sha256Hex(data) {
  return hash("sha256", data, "hex");
}
function toKeyId(publicKey) {
  return sha256Hex(publicKey.export({ type: "spki", format: "der" })).slice(0, 16);
}

// src/audit/checkpoint.ts
function isSignatureValid({ checkpoint, signature }, publicKey) {
  return verify(null, toSignedBytes(checkpoint), publicKey, Buffer.from(signature, "hex"));
}
function findCheckpoint(value) {
  if (!hasKeys(value, ["checkpoint", "signature"])) {
    return void 0;
  }
  const { checkpoint, signature } = value;
  if (!hasKeys(checkpoint, ["v", "size", "head_hash", "timestamp", "key_id"])) {
    return void 0;
  }
  const { v, size, head_hash, timestamp, key_id } = checkpoint;
  if (v !== 1 || typeof size !== "number" || !Number.isSafeInteger(size) || size < 1) {
    return void 0;
  }
  if (typeof head_hash !== "string" || typeof timestamp !== "string" || typeof key_id !== "string") {
    return void 0;
  }
  if (typeof signature !== "string" || !/^[0-9a-f]{128}$/.test(signature)) {
    return void 0;
  }
  return { checkpoint: { v, size, head_hash, timestamp, key_id }, signature };
}
function hasKeys(value, names) {
  return typeof value === "object" && value !== null && Object.keys(value).length === names.length && names.every((name) => Object.hasOwn(value, name));
}
function toSignedBytes(statement) {
  return Buffer.from(canonicalJson(statement));
}

// src/audit/verify.ts
import { hash as hash2 } from "node:crypto";
var ChainVerifier = class {
  #keys;
  #published = /* @__PURE__ */ new Map();
  #after = 0;
  #seq = 0;
  #head;
  #isFiltered = false;
  #entries = 0;
  #checkpoints = 0;
  #publishedChecked = 0;
  #signedUpTo = 0;
  /** Up to here a checkpoint, signed by whomever, agrees. */
  #agreedUpTo = 0;
  #isStartSigned = true;
  #open = /* @__PURE__ */ new Set();
  #failure;
  constructor({ publicKeys, published = [] }, genesisHash = "0".repeat(64)) {
    this.#keys = new Map(publicKeys.map((key) => [toKeyId(key), key]));
    this.#head = genesisHash;
    for (const item of published) {
      const reason = this.#findSignatureFault(item);
      if (reason !== void 0) {
        this.fail(`The published checkpoint at entry ${item.checkpoint.size} ${reason}.`);
      }
      const { size } = item.checkpoint;
      this.#published.set(size, [...this.#published.get(size) ?? [], item]);
    }
  }
  get isBroken() {
    return this.#failure !== void 0;
  }
  get head() {
    return { seq: this.#seq, hash: this.#head };
  }
  /** Starts behind entry `after`, whose hash is `prevHash`, instead of at the beginning of the log. */
  startAfter(after, prevHash) {
    this.#after = after;
    this.#seq = after;
    this.#head = prevHash;
    this.#isStartSigned = after === 0;
    this.#checkPublished();
  }
  /** Entries are missing by design: each is checked by itself only. */
  allowGaps() {
    this.#isFiltered = true;
  }
  fail(reason, at = {}) {
    this.#failure ??= { ...at, reason };
  }
  /**
   * @param body the canonical bytes
   * @param entryHash lower-case hex, as recorded beside them
   */
  entry(body, entryHash, line) {
    const expected = this.#seq + 1;
    const at = (seq) => line === void 0 ? { seq } : { seq, line };
    const links = findLinks(body);
    if (hash2("sha256", body, "hex") !== entryHash) {
      const seq = this.#isFiltered ? links?.seq ?? expected : expected;
      this.fail(`Entry ${seq} was changed: its bytes do not give the hash that is recorded for it.`, at(seq));
      return;
    }
    if (links === void 0) {
      this.fail(`Entry ${expected} is not an audit entry in canonical form.`, at(expected));
      return;
    }
    const fault = this.#isFiltered ? this.#findOrderFault(links) : this.#findChainFault(links, expected);
    if (fault !== void 0) {
      this.fail(fault, at(this.#isFiltered ? links.seq : expected));
      return;
    }
    this.#seq = links.seq;
    this.#head = entryHash;
    this.#entries += 1;
    this.#pair(links, at(links.seq));
    this.#checkPublished();
  }
  checkpoint(item, line) {
    const { size, head_hash } = item.checkpoint;
    const at = line === void 0 ? {} : { line };
    const fault = this.#findSignatureFault(item);
    if (fault !== void 0) {
      this.fail(`The checkpoint at entry ${size} ${fault}.`, { seq: size, ...at });
    } else if (size > this.#seq) {
      this.fail(`${toMissing(this.#seq, size)} A checkpoint says the log had ${size} entries.`, {
        seq: this.#seq + 1,
        ...at
      });
    } else if (size < this.#seq) {
      this.fail(`The checkpoint at entry ${size} stands behind entry ${this.#seq}, where it does not belong.`, at);
    } else if (head_hash !== this.#head) {
      this.#failRewritten("The checkpoint", size, line);
    } else {
      this.#checkpoints += 1;
      this.#sign(size);
    }
  }
  finish() {
    for (const size of this.#published.keys()) {
      if (size > this.#seq && !this.#isFiltered) {
        const seq = this.#seq + 1;
        this.fail(`${toMissing(this.#seq, size)} A published checkpoint says the log had ${size} entries.`, { seq });
      }
    }
    return {
      verdict: this.#failure !== void 0 ? "broken" : this.#isFiltered ? "filtered" : "intact",
      ...this.#failure !== void 0 && { failure: this.#failure },
      entries: this.#entries,
      after: this.#after,
      lastSeq: this.#seq,
      headHash: this.#head,
      checkpoints: this.#checkpoints,
      publishedChecked: this.#publishedChecked,
      signedUpTo: this.#signedUpTo,
      isStartSigned: this.#isStartSigned,
      openCalls: this.#open.size,
      hasKeys: this.#keys.size > 0
    };
  }
  #findOrderFault({ seq }) {
    return seq > this.#seq ? void 0 : `Entry ${seq} stands behind entry ${this.#seq}: repeated, or out of order.`;
  }
  #findChainFault({ seq, prevHash }, expected) {
    if (seq > expected) {
      return toMissing(this.#seq, seq - 1);
    }
    if (seq < expected) {
      return `Where entry ${expected} should be stands entry ${seq}: inserted, repeated, or out of order.`;
    }
    if (prevHash !== this.#head) {
      return `Entry ${seq} does not follow the entry before it: one of the two was replaced.`;
    }
    return void 0;
  }
  /** The writer never lets a call run without `pending`, nor end twice; an outcome alone means it was bypassed. */
  #pair({ pending, outcome, seq }, at) {
    if (this.#isFiltered) {
      return;
    }
    if (pending !== void 0) {
      if (this.#open.has(pending)) {
        this.fail(`Entry ${seq} begins a call that is already under way.`, at);
      }
      this.#open.add(pending);
    }
    if (outcome !== void 0 && !this.#open.delete(outcome) && this.#after === 0) {
      this.fail(`Entry ${seq} is the outcome of a call that has no pending entry, or has ended before.`, at);
    }
  }
  #checkPublished() {
    for (const { checkpoint } of this.#isFiltered ? [] : this.#published.get(this.#seq) ?? []) {
      if (checkpoint.head_hash !== this.#head) {
        this.#failRewritten("The published checkpoint", checkpoint.size);
        return;
      }
      this.#publishedChecked += 1;
      this.#sign(checkpoint.size);
    }
  }
  #sign(size) {
    this.#agreedUpTo = size;
    if (this.#keys.size > 0) {
      this.#signedUpTo = size;
      this.#isStartSigned ||= size === this.#after;
    }
  }
  #findSignatureFault(item) {
    if (this.#keys.size === 0) {
      return void 0;
    }
    const key = this.#keys.get(item.checkpoint.key_id);
    if (key === void 0) {
      return `is signed with the key ${item.checkpoint.key_id}, which is not among the public keys given`;
    }
    return isSignatureValid(item, key) ? void 0 : "has a wrong signature";
  }
  #failRewritten(what, size, line) {
    const seq = Math.max(this.#agreedUpTo, this.#after) + 1;
    this.fail(
      `${what} at entry ${size} was signed over a different history: entries between ${seq} and ${size} were rewritten.`,
      line === void 0 ? { seq } : { seq, line }
    );
  }
};
function toMissing(last, upTo) {
  return last + 1 === upTo ? `Entry ${upTo} is missing.` : `Entries ${last + 1} to ${upTo} are missing.`;
}
function findLinks(body) {
  const entry = findCanonicalJson(body);
  if (typeof entry !== "object" || entry === null) {
    return void 0;
  }
  const { v, seq, prev_hash: prevHash, type, status, call } = entry;
  if (v !== 1 || typeof seq !== "number" || !Number.isSafeInteger(seq) || typeof prevHash !== "string") {
    return void 0;
  }
  if (type !== "tool_invocation" || typeof call !== "string") {
    return { seq, prevHash };
  }
  return status === "pending" ? { seq, prevHash, pending: call } : { seq, prevHash, outcome: call };
}

// src/audit/verify-export.ts
var HASH = /^[0-9a-f]{64}$/;
var HASH_START = ',"entry_hash":"';
var HASH_TAIL = HASH_START.length + 64 + 2;
var ExportVerifier = class {
  #chain;
  #line = 0;
  #state = "start";
  #isFiltered = false;
  #entries = 0;
  #checkpoints = 0;
  constructor(options) {
    this.#chain = new ChainVerifier(options);
  }
  get isBroken() {
    return this.#chain.isBroken;
  }
  line(text) {
    this.#line += 1;
    if (this.isBroken) {
      return;
    }
    if (this.#state === "segment" && text.startsWith(HASH_START, text.length - HASH_TAIL) && text.endsWith('"}')) {
      this.#entries += 1;
      this.#chain.entry(`${text.slice(0, -HASH_TAIL)}}`, text.slice(-66, -2), this.#line);
      return;
    }
    const value = findCanonicalJson(text);
    if (this.#state === "segment") {
      this.#takeCheckpointOrEnd(value, text);
    } else {
      this.#takeHeader(value);
    }
  }
  /** For what is wrong with the file itself, before it becomes lines. */
  fail(reason) {
    this.#chain.fail(reason, { line: this.#line + 1 });
  }
  finish() {
    if (this.#state === "start") {
      this.fail("There is no audit export here: the file is empty.");
    } else if (this.#state === "segment") {
      this.fail(`The export was cut off after entry ${this.#chain.head.seq}: its last line is missing.`);
    }
    return this.#chain.finish();
  }
  #takeHeader(value) {
    const header = findHeader(value);
    if (header === void 0) {
      this.#failLine(
        this.#state === "start" ? "This is not an audit export: it does not begin with the line that every export begins with." : "Something follows the end of the export that is not another export."
      );
      return;
    }
    const { head } = this.#chain;
    const isFiltered = header.chain === "filtered";
    if (this.#state === "start") {
      if (isFiltered) {
        this.#chain.allowGaps();
      }
      this.#isFiltered = isFiltered;
      this.#chain.startAfter(header.after, header.prev_hash);
    } else if (isFiltered || this.#isFiltered) {
      this.#failLine("A filtered export stands alone: check it by itself.");
    } else if (header.after !== head.seq || header.prev_hash !== head.hash) {
      this.#failLine(
        `The next segment does not continue this one: this one ends at entry ${head.seq}, that one continues entry ${header.after}.`
      );
    }
    this.#state = "segment";
    this.#entries = 0;
    this.#checkpoints = 0;
  }
  #takeCheckpointOrEnd(value, text) {
    const checkpoint = findCheckpoint(value);
    if (checkpoint !== void 0 && !this.#isFiltered) {
      this.#checkpoints += 1;
      this.#chain.checkpoint(checkpoint, this.#line);
      return;
    }
    const end = findEnd(value);
    if (end === void 0) {
      const next = this.#chain.head.seq + 1;
      this.#failLine(
        text.endsWith("\r") ? "The line endings were changed: an export has single line feeds." : `The line where entry ${next} should be is not as the export wrote it: changed, cut off, or reformatted.`,
        next
      );
      return;
    }
    const { head } = this.#chain;
    if (end.entries !== this.#entries || end.last_seq !== head.seq || end.head_hash !== head.hash) {
      this.#failLine(`The end of the export says ${end.entries} entries up to ${end.last_seq}: some are missing.`);
    } else if (end.checkpoints !== this.#checkpoints) {
      this.#failLine(`The end of the export says ${end.checkpoints} checkpoints; there are ${this.#checkpoints}.`);
    }
    this.#state = "between";
  }
  #failLine(reason, seq) {
    this.#chain.fail(reason, seq === void 0 ? { line: this.#line } : { seq, line: this.#line });
  }
};
function findCheckpoints(text) {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "");
  const found = lines.map((line) => findCheckpoint(findJson(line)));
  const checkpoints = found.filter((item) => item !== void 0);
  return checkpoints.length === found.length && found.length > 0 ? checkpoints : void 0;
}
function findHeader(value) {
  if (typeof value !== "object" || value === null) {
    return void 0;
  }
  const { audit_export, after, prev_hash, chain, filter, ...rest } = value;
  const isPlaced = typeof after === "number" && Number.isSafeInteger(after) && after >= 0;
  if (audit_export !== 1 || !isPlaced || typeof prev_hash !== "string" || Object.keys(rest).length > 0) {
    return void 0;
  }
  if (!HASH.test(prev_hash) || after === 0 && /[^0]/.test(prev_hash)) {
    return void 0;
  }
  if (chain === "complete" && filter === void 0) {
    return { audit_export, after, prev_hash, chain };
  }
  if (chain !== "filtered" || typeof filter !== "object" || filter === null || Object.keys(filter).length === 0) {
    return void 0;
  }
  return { audit_export, after, prev_hash, chain, filter };
}
function findEnd(value) {
  if (typeof value !== "object" || value === null) {
    return void 0;
  }
  const { audit_export_end, entries, checkpoints, last_seq, head_hash, ...rest } = value;
  if (audit_export_end !== 1 || Object.keys(rest).length > 0 || typeof head_hash !== "string") {
    return void 0;
  }
  if (typeof entries !== "number" || typeof checkpoints !== "number" || typeof last_seq !== "number") {
    return void 0;
  }
  return { audit_export_end, entries, checkpoints, last_seq, head_hash };
}
function findJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return void 0;
  }
}

// src/audit/verify-report.ts
function toReport(result) {
  const range = result.entries === 0 ? "no entries" : toRange(result);
  switch (result.verdict) {
    case "broken": {
      const where = result.failure?.line === void 0 ? "" : ` (line ${result.failure.line})`;
      const held = result.lastSeq > result.after ? `Up to entry ${result.lastSeq} the chain holds.` : void 0;
      return [`The audit log is NOT intact${where}: ${result.failure?.reason ?? ""}`, ...held ? [held] : []];
    }
    case "filtered":
      return [
        `This is a filtered export: ${range}, each of them intact by itself.`,
        "NOT proven: whether entries were left out, added or replaced. Export without filters to check the chain."
      ];
    case "intact":
      return [
        `The audit log is intact: ${range}, every hash and every link holds.`,
        ...toSignatureLines(result),
        ...result.isStartSigned ? [] : [`Its start is not signed: check it together with the segment that ends at entry ${result.after}.`],
        ...result.openCalls === 0 ? [] : [`${toCount(result.openCalls, "call")} without an outcome so far.`],
        `Head: ${result.headHash}`
      ];
  }
}
function toSignatureLines(result) {
  const published = result.publishedChecked === 0 ? [] : [`${toCount(result.publishedChecked, "published checkpoint agrees", "published checkpoints agree")} with it.`];
  if (!result.hasKeys) {
    return [
      ...published,
      "Signatures were NOT checked, no public key was given: whoever can write the log could have recomputed all of it."
    ];
  }
  if (result.signedUpTo === 0) {
    return [
      ...published,
      "No signed checkpoint covers it: whoever can write the log could have recomputed all of it, or cut its end."
    ];
  }
  const tail = result.lastSeq - result.signedUpTo;
  return [
    `Signed up to entry ${result.signedUpTo} (${toCount(result.checkpoints, "checkpoint")} in it).`,
    ...published,
    ...tail === 0 ? [] : [`${toCount(tail, "entry", "entries")} behind it not signed yet.`]
  ];
}
function toRange({ entries, after, lastSeq, verdict }) {
  const count = toCount(entries, "entry", "entries");
  return verdict === "filtered" ? count : `${count} (${after + 1} to ${lastSeq})`;
}
function toCount(count, one, many = `${one}s`) {
  return `${count} ${count === 1 ? one : many}`;
}

// src/audit/verify-main.ts
var USAGE = `Checks an audit export of AegisGitea MCP, offline.

  node verify-audit.mjs EXPORT.jsonl... --key PUBLIC.pem

  EXPORT.jsonl        one or more segments, in order; - reads standard input
  --key FILE          public key of the checkpoints (PEM); again for older keys
  --checkpoint FILE   checkpoints that were kept elsewhere, one a line
  --json              the result as JSON
  --help              this text

Exit code 0: the chain is intact. 1: it is not. 2: it cannot be told (a filtered export, an unreadable file, wrong arguments).
`;
var EXIT_CODES = { intact: 0, broken: 1, filtered: 2 };
function parseRequest(args) {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: {
      key: { type: "string", multiple: true, default: [] },
      checkpoint: { type: "string", multiple: true, default: [] },
      json: { type: "boolean", default: false },
      help: { type: "boolean", default: false }
    }
  });
  if (values.help) {
    return void 0;
  }
  if (positionals.length === 0) {
    throw new Error("Name the export to check.");
  }
  return {
    files: positionals,
    publicKeys: values.key.flatMap((file) => parsePublicKeys(readFileSync(file, "utf8"))),
    published: values.checkpoint.flatMap(loadCheckpoints),
    isJson: values.json
  };
}
function loadCheckpoints(file) {
  const found = findCheckpoints(readFileSync(file, "utf8"));
  if (found === void 0) {
    throw new Error(`${file} does not hold checkpoints, one a line.`);
  }
  return found;
}
async function readExport(file, verifier) {
  const stream = file === "-" ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 });
  let rest = Buffer.alloc(0);
  for await (const chunk of stream) {
    const end = chunk.lastIndexOf(10);
    if (end === -1) {
      rest = Buffer.concat([rest, chunk]);
      continue;
    }
    const block = rest.length === 0 ? chunk.subarray(0, end) : Buffer.concat([rest, chunk.subarray(0, end)]);
    rest = chunk.subarray(end + 1);
    takeBlock(block, verifier);
    if (verifier.isBroken) {
      return;
    }
  }
  if (rest.length > 0) {
    takeBlock(rest, verifier);
    verifier.fail("The file ends in the middle of a line: it was cut off.");
  }
}
function takeBlock(block, verifier) {
  if (isUtf8(block)) {
    for (const line of block.toString("utf8").split("\n")) {
      verifier.line(line);
    }
    return;
  }
  for (let start = 0; start <= block.length; ) {
    const feed = block.indexOf(10, start);
    const line = block.subarray(start, feed === -1 ? block.length : feed);
    verifier.line(line.toString(isUtf8(line) ? "utf8" : "latin1"));
    start += line.length + 1;
  }
}
async function main() {
  const request = parseRequest(process.argv.slice(2));
  if (request === void 0) {
    process.stdout.write(USAGE);
    return 0;
  }
  const verifier = new ExportVerifier(request);
  for (const file of request.files) {
    await readExport(file, verifier);
  }
  const result = verifier.finish();
  process.stdout.write(request.isJson ? `${JSON.stringify(result)}
` : `${toReport(result).join("\n")}
`);
  return EXIT_CODES[result.verdict];
}
try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}

${USAGE}`);
  process.exitCode = 2;
}
