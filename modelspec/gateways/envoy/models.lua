-- Answers `GET /v1/models` and `GET /v1/models/{id}`, for the clients of OpenAI and of Anthropic alike. The route has the
-- names as text in its metadata, a line for each: name, its model, who may call it, the name that people read.
local NAMESPACE, ANSWER = "modelspec", "modelspec.models"
local MOST = 1000

local function refused(handle, code)
  handle:streamInfo():dynamicMetadata():set(NAMESPACE, "refusal", code)
  return { [":status"] = STATUS[code] }, ""
end

-- What a client may call: by its groups, where clients are authenticated.
local function caller(handle)
  local access = handle:streamInfo():dynamicMetadata():get("modelspec.access") or {}
  local groups = {}
  for _, group in pairs(access.groups or {}) do
    groups[group] = true
  end
  return { key = access.key_id, groups = groups, region = access.client_region }
end

local function may_call(who, access)
  local before, regions = string.match(access, "^(.-)\30(.*)$")
  if before then
    if not who.region or not string.find(regions, "\31" .. who.region .. "\31", 1, true) then
      return false
    end
    access = before
  end
  if access == "public" or access == "internal" then
    return access == "public" or not ENFORCED or who.key ~= nil
  end
  for group in string.gmatch(access, "[^\31]+") do
    if who.groups[group] then
      return true
    end
  end
  return false
end

local function quoted(name)
  return name and '"' .. string.gsub(name, '["\\]', "\\%0") .. '"' or "null"
end

local function row(name, shown)
  return '{"id":' .. quoted(name) .. ',"object":"model","created":0,"owned_by":"modelspec","type":"model","display_name":'
    .. shown .. ',"created_at":"1970-01-01T00:00:00Z"}'
end

local LINE = "([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)\n"

local function one(names, who, asked)
  local found = string.find(names, "\n" .. asked .. "\t", 1, true)
  local best
  if found then
    local _, model, access, shown = string.match(names, LINE, found + 1)
    best = { model, access, shown }
  else
    local longest = -1
    for prefix, _, access, shown in string.gmatch(names, "\n([^\t\n]*)%*\t([^\t\n]*)\t([^\t\n]*)\t([^\t\n]*)") do
      if #prefix > longest and string.sub(asked, 1, #prefix) == prefix then
        longest, best = #prefix, { asked, access, shown }
      end
    end
  end
  if best and may_call(who, best[2]) then
    return row(best[1], best[3])
  end
  return nil
end

-- The rows that a client may see, by name.
local function rows(names, who)
  local ids, shown = {}, {}
  for name, model, access, title in string.gmatch(names, LINE) do
    if name == model and not string.find(name, "%*$") and may_call(who, access) then
      ids[#ids + 1], shown[name] = name, title
    end
  end
  return ids, shown
end

local function page(handle, names, who, query)
  local asked = {}
  for key, value in fields(query) do
    asked[key] = value
  end
  local ids, shown = rows(names, who)
  local limit = asked.limit and tonumber(string.match(asked.limit, "^%d%d?%d?%d?$") or 0)
  if limit and (limit < 1 or limit > MOST) then
    return refused(handle, "invalid_page")
  end
  local first, last = 1, #ids
  for at, name in ipairs(ids) do
    first = name == asked.after_id and at + 1 or first
    last = name == asked.before_id and at - 1 or last
  end
  if (asked.after_id and first == 1) or (asked.before_id and last == #ids) then
    return refused(handle, "invalid_page")
  end
  local left = false
  if limit and last - first + 1 > limit then
    left = true
    if asked.before_id and not asked.after_id then
      first = last - limit + 1
    else
      last = first + limit - 1
    end
  end
  local parts = {}
  for at = first, last do
    parts[#parts + 1] = row(ids[at], shown[ids[at]])
  end
  local some = #parts > 0
  return { [":status"] = "200", ["content-type"] = "application/json" },
    '{"object":"list","data":[' .. table.concat(parts, ",") .. '],"has_more":' .. tostring(left)
      .. ',"first_id":' .. quoted(some and ids[first]) .. ',"last_id":' .. quoted(some and ids[last]) .. "}"
end

local function answer(handle)
  local headers = handle:headers()
  if headers:get("x-model") ~= "-models" then
    return nil
  end
  local names = handle:metadata():get("names")
  local who = caller(handle)
  local path, query = string.match(headers:get(":path"), "^([^?]*)%??(.*)$")
  local asked = string.match(path, "/models/(.+)$")
  if not asked then
    return page(handle, names, who, query)
  end
  asked = unescaped(asked)
  local found = string.find(asked, "^[%w._:@/~+-]+$") and one(names, who, asked)
  if not found then
    return refused(handle, "model_not_found")
  end
  return { [":status"] = "200", ["content-type"] = "application/json" }, found
end

function envoy_on_request(handle)
  local ok, headers, body = pcall(answer, handle)
  if not ok then
    handle:respond({ [":status"] = "500" }, "")
  elseif headers then
    handle:respond(headers, body)
  end
end
