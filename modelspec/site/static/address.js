// The endpoint of a model, and references to keys: what is right or wrong beyond doubt; the rest is for CI.
import { quote } from "./schema.js";

const LABEL = "[a-z0-9]+(?:-[a-z0-9]+)*";
const BYTE = "(?:25[0-5]|2[0-4][0-9]|1[0-9][0-9]|[1-9]?[0-9])";
const REST = "(?::[1-9][0-9]{1,3})?((?:/[A-Za-z0-9_~@-][A-Za-z0-9._~@-]*)*)/?";
const ORDINARY = new RegExp(`^http(s)?://(?:((?:${LABEL}\\.)+([a-z]{2,63}))|(?:10\\.${BYTE}|172\\.(?:1[6-9]|2[0-9]|3[01])|192\\.168)\\.${BYTE}\\.${BYTE})${REST}$`);
const OF_ITSELF = new RegExp(`^https?://(?:localhost|127\\.0\\.0\\.1)${REST}$`);
const FORMS = ["MS506", "MS507", "MS508", "MS509", "MS510", "MS511", "MS512", "MS516"];

/** Whether a URL is right beyond doubt, but for what is at the end of its path; else null. */
const ordinary = (url, known) => {
  const match = ORDINARY.exec(url);
  if (!match || match[2]?.startsWith("xn--") || match[2]?.includes(".xn--")) return null;
  const [, secure, host, end] = match;
  if (host === undefined) return { host: null };
  const tail = host.split(".").slice(-2).join(".");
  if (end === "localhost" || host.length > 63 || tail === "home.arpa" || known.special_tails.includes(tail)) return null;
  return secure || known.private_last.includes(end) ? { host } : { host, isPlain: true };
};

/** The host of a URL that is right beyond doubt; null where it is not. */
export const hostOf = (url, known) => (typeof url === "string" ? ordinary(url, known)?.host ?? null : null);

/** What is wrong with an endpoint. `add(word, values)` takes a fault, `leave(codes)` what only CI knows. */
export const endpointFaults = (url, { model, provider, isLocal, known, add, leave }) => {
  const report = (word, values = {}) => add(word, { model: quote(model ?? ""), ...values });
  const right = ordinary(url, known);
  const parts = /^(https?):\/\/([^/?#\\]*)([^?#]*)(\?[^#]*)?(#.*)?$/is.exec(url);
  if (right && !right.isPlain) baseFaults(parts[3], provider, known, report);
  else if (right) {
    report("plain", { host: `'${right.host}'` });
    baseFaults(parts[3], provider, known, report);
  } else if (!(isLocal && OF_ITSELF.test(url))) {
    const before = add.count();
    odd(url, parts, isLocal, report);
    // A URL of an odd form may have more faults than one.
    leave([...FORMS, "MS525", "MS526", "MS527"], add.count() === before ? "the form of the endpoint" : "what else is wrong with the endpoint");
  } else baseFaults(parts[3], provider, known, report);
};

const odd = (url, parts, isLocal, report) => {
  if (url.length > 2048 || url.trim() !== url) return;
  if (!/^\s*https?:/i.test(url)) { if (/^[\x21-\x7e]*$/.test(url) && !/[@#\\:?]\/?\/?\d|localhost|metadata|[\\#@?]/i.test(url)) report("scheme"); return; }
  if (!parts || !/^[A-Za-z0-9.-]+(?::\d{1,5})?$/.test(parts[2].replace(/^[^@]*@/, ""))) return;
  const host = parts[2].replace(/^.*@/, "").replace(/:\d*$/, "").toLowerCase();
  if (/^169\.254(?:\.(?:\d|[1-9]\d|1\d\d|2[0-4]\d)){2}$/.test(host)) { report("metadata", { host: `'${host}'` }); return; }
  if (/^(?:localhost|127\.0\.0\.\d{1,3})$/.test(host)) { if (!isLocal) report("loopback", { host: `'${host}'` }); return; }
  if (!/^(?:[a-z]+\.)+[a-z]{2,}$/.test(host) || /\b(?:localhost|metadata|instance-data|internal|nip|sslip|xip)\b/.test(host)) return;
  if (/[^\x00-\x7f]/.test(parts[3] + (parts[4] ?? ""))) report("ascii");
  else if (/[\x00-\x20\x7f]/.test(url) && !/[\t\r\n]/.test(url)) report("space");
  if (parts[2].includes("@") && !parts[5]) report("carries");
  else if (parts[5] && !parts[2].includes("@") && !parts[4]) report("fragment");
  else if (parts[4] && /^\?[a-z]+=[a-z0-9]*$/.test(parts[4]) && !/key|tok|sig|auth|pass|pwd|sec|cred|sas|code|jwt|bear/.test(parts[4])) report("query");
};

const baseFaults = (path, provider, known, report) => {
  const bare = path.replace(/\/+$/, "");
  const operation = bare.length <= 512 && known.operation.exec(bare);
  const twice = bare.length <= 512 && known.twice.exec(bare);
  const own = known.own[provider]?.exec(bare);
  if (operation) report("operation", { value: quote(operation[0]) });
  else if (twice) report("again", { value: quote(`/${twice[1]}/${twice[2]}`) });
  else if (own) report(own[0].lastIndexOf("/") === 0 ? "leads" : "again", { value: quote(own[0]) });
};

const VARIABLE = /^(?:[A-Z]{1,15}|[a-z]{1,15})(?:_(?:[A-Z]{1,15}|[a-z]{1,15}|[A-Z]{0,4}[0-9]{1,4}))*$/;
const SEGMENT = /^[A-Za-z0-9_-][A-Za-z0-9._-]*$/;

/** What is wrong with a reference of the right form. */
export const referenceFaults = (kind, target, { known, add, leave }) => {
  const unclear = (...codes) => leave(codes, "where a reference leads");
  if (kind === "env") {
    if (typeof target !== "string") return;
    const upper = target.toUpperCase();
    if (known.steering.includes(upper)) add("steers", { variable: `the variable '${upper}'` });
    else if (known.steering_prefixes.some((prefix) => upper.startsWith(prefix)) && VARIABLE.test(target)) add("steers", { variable: "this variable" });
    else if (known.master_keys.includes(upper)) add("master", { value: `'${upper}'` });
    else if (!VARIABLE.test(target) || /^[0-9A-F_]+$/i.test(target)) unclear("MS503");
  } else if (kind === "file") {
    if (typeof target !== "string" || !target.startsWith("/")) return;
    const parts = target.slice(1).split("/");
    if (!parts.every((part) => SEGMENT.test(part))) unclear("MS504", "MS517");
    else if (!known.secret_folders.some((folder) => target.startsWith(`${folder.replace(/\/$/, "")}/`)) || /^\/(?:proc|sys|dev)\//.test(target)) {
      if (target.startsWith("/var/run/")) unclear("MS504", "MS517");
      else add("folder");
    } else if (parts.some((part) => known.identity_folders.includes(part.toLowerCase())) || /token|jwt|svid|ca\.crt|namespace|azure|identity/i.test(target)) unclear("MS504");
  } else if (kind === "vault") {
    if (typeof target !== "string") return;
    const [path, key, ...more] = target.split("#");
    const parts = path.split("/");
    if (more.length || !key || ![...parts, key].every((part) => SEGMENT.test(part))) unclear("MS504", "MS517");
    else if (known.vault_own.includes(parts[0])) add("identity");
    else if (known.vault_own.includes(parts[0].toLowerCase())) unclear("MS504");
  } else if (kind === "kubernetes" && target && typeof target === "object") {
    const { secret, key } = target;
    if (typeof secret !== "string" || typeof key !== "string") return;
    if (!/^[a-z0-9-]+(?:\.[a-z0-9-]+)*$/.test(secret) || !SEGMENT.test(key)) unclear("MS504", "MS517");
    else if (/^(?:token|ca\.crt|namespace)$/i.test(key)) unclear("MS504");
  }
};
