// A change of a model as the `modelspec` commands that make it, which keep comments, order and quotes of the file.
import { prefixOf } from "./records.js";
import { resolved, typeOf } from "./schema.js";
import { Num, flow, json } from "./yaml.js";

const isMapping = (value) => typeOf(value) === "object";
const isSame = (one, other) => one === other || (one !== undefined && other !== undefined && json(one) === json(other));
/** Fields that are one value, though they may be mappings. */
const WHOLE = ["endpoint", "api_key"];

/** What differs: pointers with the old and the new value, undefined where there is none. */
export const changesOf = (before, after, pointer = []) => {
  if (isSame(before, after)) return [];
  const isWhole = WHOLE.includes(pointer.at(-1)) || (pointer.length === 2 && ["params", "request"].includes(pointer[0])) || isOdd(pointer);
  if (!isWhole && isMapping(before) && isMapping(after)) {
    const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
    if (names.every((name) => !/["\n]/.test(name) && name)) return names.flatMap((name) => changesOf(before[name], after[name], [...pointer, name]));
  }
  if (!isWhole && pointer.join() === "deployments" && before?.length === after?.length) return before.flatMap((one, at) => changesOf(one, after[at], [...pointer, at]));
  return [{ pointer, before, after }];
};
const isOdd = (pointer) => pointer.length > 12;

/** Without null and empty values, as the file would be written. */
const bare = (value) => Object.fromEntries(Object.entries(value).filter(([, item]) => item !== null && (typeof item !== "object" || item instanceof Num || Object.keys(item).length)));

/** The model of admin/models/….json as its file would have it: without what is only a default. `lines` are those of its fields. */
export const asWritten = (model, lines, known) => {
  const written = ({ location, has_own_endpoint, endpoint: url, provider, upstream_model: name, ...rest }) => bare({
    endpoint: has_own_endpoint ? url : null, provider: provider === "openai" && has_own_endpoint ? null : provider,
    upstream_model: name === model.model_id ? null : name, ...rest,
  });
  const several = "deployments" in lines || model.deployments.length > 1 || ["weight", "order", "rpm", "tpm"].some((name) => (model.deployments[0]?.[name] ?? null) !== null);
  const implied = [known.providers[model.provider], model.local_inference && known.heads[model.priority_head]?.inference_url];
  const isOwn = model.deployments[0]?.has_own_endpoint ?? !implied.includes(model.endpoint);
  const upstream = several ? { deployments: model.deployments.map(written) } : {
    endpoint: isOwn ? model.endpoint : null, provider: model.provider === "openai" && isOwn ? null : model.provider,
    upstream_model: model.upstream_model === model.model_id ? null : model.upstream_model, api_key: model.api_key,
    params: model.params, request: model.request, model_info: model.model_info && bare(model.model_info), upstream_region: model.upstream_region ?? model.deployments[0]?.region ?? null,
  };
  const { policy, weights } = model.load_balancing;
  const visibility = model.access.visibility === "internal" ? null : model.access.visibility;
  return bare({
    model_id: model.model_id, name: model.name, region: model.region, priority_head: model.priority_head, fallback_heads: model.fallback_heads,
    load_balancing: bare({ policy: policy === "round_robin" ? null : policy, weights }), ...upstream, local_inference: model.local_inference || null,
    fallback_models: "any" in model.fallback_models ? model.fallback_models.any : model.fallback_models, aliases: model.aliases,
    limits: bare(model.limits), retry_on: model.retry_on, hedge: model.hedge || null, access: bare({ ...model.access, visibility }),
    status: model.status === "active" ? null : model.status, sunset: model.sunset, replaced_by: model.replaced_by, tags: model.tags, metadata: model.metadata,
  });
};

const quoted = (text) => (/^[A-Za-z0-9_.,:@%+=\/-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`);
/** A place as every message writes it and `modelspec edit` takes it: `deployments[0].weight`. */
export const fieldPath = (pointer) => pointer.map((step, at) => (typeof step === "number" ? `[${step}]` : `${at ? "." : ""}${/^[^\s."'[\]=+]*[^\s."'[\]=+-]$/.test(step) ? step : `"${step}"`}`)).join("");

const typesAt = (schema, pointer) => {
  let node = resolved(schema, schema);
  for (const step of pointer) {
    if (!node || node.type === undefined) return [];
    const next = typeof step === "number" ? node.items : node.properties?.[step] ?? Object.values(node.patternProperties ?? {})[0];
    node = resolved(next, schema);
    if (!next) return [];
  }
  return node?.type === undefined ? [] : [node.type].flat();
};

/** The text behind `=`, as `modelspec edit` reads it by the type of the field. */
const written = (value, types) => {
  if (typeof value === "string" && types.includes("string") && types.every((type) => type === "string" || type === "object")) return value;
  return flow(value);
};

const listOf = (value) => Array.isArray(value) && value.every((item) => typeof item === "string" || item instanceof Num) && new Set(value.map(json)).size === value.length;

const assignments = ({ pointer, before, after }, schema) => {
  const path = fieldPath(pointer);
  if (after === undefined) return [["--unset", quoted(path)]];
  if (listOf(before) && listOf(after) && before.length && after.length) {
    const has = (list, item) => list.some((one) => isSame(one, item));
    const gone = before.filter((item) => !has(after, item));
    const added = after.filter((item) => !has(before, item));
    const types = typesAt(schema, [...pointer, 0]);
    if (gone.length + added.length <= 4 && isSame([...before.filter((item) => has(after, item)), ...added], after)) {
      return [...gone.map((item) => [quoted(`${path}-=${written(item, types)}`)]), ...added.map((item) => [quoted(`${path}+=${written(item, types)}`)])];
    }
  }
  return [[quoted(`${path}=${written(after, typesAt(schema, pointer))}`)]];
};

/** The commands for some changes of a model: a new id is a renaming, the rest is one edit. */
export const commandsOf = (id, changes, schema) => {
  const renaming = changes.find(({ pointer }) => pointer.join() === "model_id");
  const name = quoted(renaming?.after ?? id);
  const words = changes.filter((change) => change !== renaming).flatMap((change) => assignments(change, schema)).map((parts) => parts.join(" "));
  return [
    ...(renaming?.after ? [`modelspec rename ${quoted(id)} ${name}`] : []),
    ...(words.length ? [[`modelspec edit ${name}`, ...words].join(words.length > 2 ? " \\\n  " : " ")] : []),
  ];
};

/** Which names are used elsewhere, as [place, name]; `names` are those of one model, wildcards included. */
export const usersOf = (known, names) => {
  const covers = (name) => names.includes(name) || names.some((own) => takes(own, name) && !isDeclared(known, name));
  const fields = Object.entries(known.users).filter(([name]) => covers(name)).flatMap(([name, users]) => users.map(([path, field]) => [`${path}: ${field}`, name]));
  return [...fields, ...known.named.filter(([, name]) => covers(name))].sort(([one], [other]) => (one < other ? -1 : 1));
};
const takes = (own, name) => prefixOf(own) !== null && name.startsWith(prefixOf(own));
const isDeclared = (known, name) => known.named_ids.some(([one]) => one === name);
