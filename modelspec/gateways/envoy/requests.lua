-- Sets `x-model`, by which the routes go, or refuses the request. `PATHS` and the scanners stand above.
--
-- A script that raises lets its request pass in Envoy: everything that may raise is guarded, and without this script the
-- header keeps the value by which the routes refuse.
local NAMESPACE, HEADER = "modelspec", "x-model"

local function media_type(headers)
  local kind = headers:get("content-type") or ""
  local plain, rest = string.match(kind, "^%s*([%w/+.-]+)%s*(.*)$")
  plain = string.lower(plain or "")
  if (plain == "application/json" or string.find(plain, "^application/[%w.-]+%+json$")) and string.find(rest, "^;?[%w%s;=-]*$") then
    return "json"
  end
  if plain == "multipart/form-data" then
    return "form", boundary_of(kind)
  end
  return nil
end

local function body_model(handle, kind)
  local headers = handle:headers()
  local encoding = headers:get("content-encoding")
  local media, boundary = media_type(headers)
  if (encoding and string.lower(encoding) ~= "identity") or not media or (media == "form" and kind ~= "form") then
    return nil, "unsupported_media_type"
  end
  if media == "form" and not boundary then
    return nil, "invalid_form"
  end
  local body = handle:body(true)
  local size = body:length()
  if size == 0 then
    return nil, "model_required"
  end
  local function bytes(offset, length)
    return body:getBytes(offset, length)
  end
  -- What the edge read is what the head is told to read. Envoy takes back what a script got before it waited.
  headers = handle:headers()
  if media == "form" then
    headers:replace("content-type", 'multipart/form-data; boundary="' .. boundary .. '"')
    return guarded(form, bytes, size, boundary)
  end
  headers:replace("content-type", "application/json")
  return guarded(json, bytes, size)
end

local function model_of(handle)
  local headers = handle:headers()
  local path, text = string.match(headers:get(":path") or "", "^([^?]*)%??(.*)$")
  local kind = PATHS[path] or (string.find(path, "^/v1/models/") and "models") or (string.find(path, "^/models/") and "models") or "made"
  local upgrade = headers:get("upgrade")
  if (kind == "realtime") ~= (string.lower(upgrade or "") == "websocket") or (upgrade and kind ~= "realtime") then
    return nil, kind == "realtime" and "upgrade_required" or "upgrade_not_offered"
  end
  if kind == "models" then
    return "-models"
  elseif kind == "made" then
    return nil, "model_unknown"
  end
  local named, refusal = guarded(query, text)
  if refusal then
    return nil, refusal
  elseif kind == "realtime" then
    return named, "model_required"
  elseif named then
    return nil, "model_ambiguous"
  end
  return body_model(handle, kind)
end

local function read(handle)
  local name, refusal = model_of(handle)
  local seen = handle:streamInfo():dynamicMetadata()
  if not name then
    seen:set(NAMESPACE, "refusal", refusal)
    return refusal
  end
  if string.sub(name, 1, 1) ~= "-" then
    seen:set(NAMESPACE, "model", name)
  end
  handle:headers():replace(HEADER, name)
  return nil
end

function envoy_on_request(handle)
  local ok, refusal = pcall(read, handle)
  if not ok or refusal then
    handle:respond({ [":status"] = ok and STATUS[refusal] or "500" }, "")
  end
end
