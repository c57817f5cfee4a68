-- Finds the name of the model in a query or a JSON body, without building what it reads.
--
-- `bytes(offset, length)` gives a part of a body of `size` bytes, so that no copy of the whole body is made. The result is
-- the name, or nil and the code of a refusal. A head must never see another name than the edge did: what programs read
-- in different ways (two keys, two parts, a name in the query beside one in the body) is refused, and what is refused
-- here need not be what every parser refuses.
local byte, sub, find, lower, char = string.byte, string.sub, string.find, string.lower, string.char

local CHUNK = 65536
local LONGEST_NAME = 4096 -- bytes; ids have at most 128, the rest of a wildcard is free
local LONGEST_TEXT = 6 * LONGEST_NAME -- each byte of a name may be written as \u0041
local LONGEST_HEADERS = 8192 -- of a part of a form
local MOST_KEYS = 1024 -- at the top level; each costs more than the bytes of a text
local DEEPEST = 256 -- LiteLLM's parser stops at 1,024, Python's at about 1,000

-- Keys by which a client would choose what the edge did not see: another model, or another provider for its key. All of
-- them were tried with LiteLLM 1.108.7. `custom_llm_provider` and `azure` send the key of a model to another provider;
-- `deployment_id` and `model` in `extra_body` replace its name at the upstream; `specific_deployment` takes a model by
-- that name, so that a name under a wildcard can be a private model.
local OTHERS = {
  azure = true,
  content_policy_fallbacks = true,
  context_window_fallback_dict = true,
  context_window_fallbacks = true,
  custom_llm_provider = true,
  deployment_id = true,
  extra_body = true,
  fallbacks = true,
  model_list = true,
  router_settings_override = true,
  specific_deployment = true,
  user_config = true,
}
local LONGEST_KEY = 6 * 28 -- of these, as \u0041 each
local LENGTHS = { [5] = true } -- of `model` and of these
for key in pairs(OTHERS) do
  LENGTHS[#key] = true
end

local OUTSIDE = {} -- bytes that may stand outside of strings, beside quotes and brackets
for c = 0, 255 do
  OUTSIDE[c] = find(char(c), "^[ \t\r\n0-9,:.+%-eEtrufalsn]$") ~= nil
end

local function refuse(code)
  error({ refusal = code }, 0)
end

-- What `read(...)` returns, or nil and the code of its refusal. A fault of the script is a refusal too.
local function guarded(read, ...)
  local ok, result = pcall(read, ...)
  if ok then
    return result
  end
  return nil, type(result) == "table" and result.refusal or "edge_error"
end

local function is_utf8(text)
  local at, size = 1, #text
  while at <= size do
    local c = byte(text, at)
    local more, least, most = 0, 0x80, 0xBF
    if c >= 0xC2 and c <= 0xDF then
      more = 1
    elseif c >= 0xE0 and c <= 0xEF then
      more = 2
      least = c == 0xE0 and 0xA0 or 0x80
      most = c == 0xED and 0x9F or 0xBF
    elseif c >= 0xF0 and c <= 0xF4 then
      more = 3
      least = c == 0xF0 and 0x90 or 0x80
      most = c == 0xF4 and 0x8F or 0xBF
    elseif c >= 0x80 then
      return false
    end
    for i = 1, more do
      local next = byte(text, at + i)
      if next == nil or next < least or next > most then
        return false
      end
      least, most = 0x80, 0xBF
    end
    at = at + 1 + more
  end
  return true
end

-- A name that a route may be looked up by. LiteLLM asks several models for a name with commas, and takes `name#0` for the
-- id of a deployment, whose model need not be the one of the wildcard under which that is; it writes the name into a header
-- of its response, and breaks off where that may not stand there, after it has asked the upstream: a client would make a
-- head look broken, and pay at each. Names that begin with a hyphen are the edge's own.
local function checked(name)
  if name == "" or #name > LONGEST_NAME or not is_utf8(name) or find(name, "^[ %-]") or find(name, "[%c,#]") or find(name, " $") then
    refuse("model_invalid")
  end
  return name
end

-- Whether a key names the model. Some programs take `Model` for `model`, others do not: it is refused. In a form, they
-- take `fallbacks[]` for one of the `fallbacks`.
local function names_model(key)
  if key == "model" then
    return true
  end
  key = string.match(lower(key), "^[^%[]*")
  if key == "model" or OTHERS[key] then
    refuse("model_ambiguous")
  end
  return false
end

local function reader(bytes, size)
  return { bytes = bytes, size = size, next = 0, data = "", at = 1 }
end

-- Read on, and keep what was not read yet; false at the end.
local function more(r)
  local length = math.min(CHUNK, r.size - r.next)
  if length <= 0 then
    return false
  end
  local fresh = r.bytes(r.next, length)
  r.next = r.next + length
  r.data = r.at > #r.data and fresh or sub(r.data, r.at) .. fresh
  r.at = 1
  return true
end

-- The next byte that is no space, nil at the end.
local function peek(r)
  while true do
    local data = r.data
    for at = r.at, #data do
      local c = byte(data, at)
      if c ~= 32 and c ~= 10 and c ~= 13 and c ~= 9 then
        r.at = at
        return c
      end
    end
    r.at = #data + 1
    if not more(r) then
      return nil
    end
  end
end

local function take(r, wanted)
  if peek(r) ~= wanted then
    refuse("invalid_json")
  end
  r.at = r.at + 1
end

-- Pass a string, whose quote was read: its text as it is written if that has at most `most` bytes, else nil; whether
-- anything in it is escaped.
local function text(r, most)
  local kept, length, escaped, skip = "", 0, false, false
  while true do
    local data, from = r.data, r.at
    local ends
    for at = from, #data do
      local c = byte(data, at)
      if skip then
        skip = false
      elseif c == 34 then
        ends = at
        break
      elseif c == 92 then
        skip, escaped = true, true
      elseif c < 32 then
        refuse("invalid_json")
      end
    end
    local last = ends and ends - 1 or #data
    length = length + last - from + 1
    if length <= most then
      kept = kept .. sub(data, from, last)
    end
    r.at = (ends or #data) + 1
    if ends then
      return length <= most and kept or nil, escaped
    end
    if not more(r) then
      refuse("invalid_json")
    end
  end
end

local ESCAPES = { b = "\b", f = "\f", n = "\n", r = "\r", t = "\t", ['"'] = '"', ["\\"] = "\\", ["/"] = "/" }

local function utf8(point)
  if point < 0x80 then
    return char(point)
  elseif point < 0x800 then
    return char(0xC0 + math.floor(point / 0x40), 0x80 + point % 0x40)
  elseif point < 0x10000 then
    return char(0xE0 + math.floor(point / 0x1000), 0x80 + math.floor(point / 0x40) % 0x40, 0x80 + point % 0x40)
  end
  return char(
    0xF0 + math.floor(point / 0x40000),
    0x80 + math.floor(point / 0x1000) % 0x40,
    0x80 + math.floor(point / 0x40) % 0x40,
    0x80 + point % 0x40
  )
end

-- What is written in a string; half a surrogate pair becomes bytes that are not UTF-8.
local function decoded(written)
  local parts, at = {}, 1
  while true do
    local slash = find(written, "\\", at, true)
    parts[#parts + 1] = sub(written, at, (slash or 0) - 1)
    if not slash then
      return table.concat(parts)
    end
    local kind = sub(written, slash + 1, slash + 1)
    at = slash + 2
    if kind == "u" then
      local digits = string.match(written, "^%x%x%x%x", at)
      if not digits then
        refuse("invalid_json")
      end
      local point = tonumber(digits, 16)
      at = at + 4
      local low = point >= 0xD800 and point < 0xDC00 and string.match(written, "^\\u([dD][c-fC-F]%x%x)", at)
      if low then
        point = 0x10000 + (point - 0xD800) * 0x400 + tonumber(low, 16) - 0xDC00
        at = at + 6
      end
      parts[#parts + 1] = utf8(point)
    elseif ESCAPES[kind] then
      parts[#parts + 1] = ESCAPES[kind]
    else
      refuse("invalid_json")
    end
  end
end

-- Pass an array or object, whose bracket was read, with everything in it.
local function pass(r, opening)
  local closing, depth, inside, skip = { opening + 2 }, 1, false, false
  while true do
    local data = r.data
    for at = r.at, #data do
      local c = byte(data, at)
      if inside then
        if skip then
          skip = false
        elseif c == 34 then
          inside = false
        elseif c == 92 then
          skip = true
        elseif c < 32 then
          refuse("invalid_json")
        end
      elseif c == 34 then
        inside = true
      elseif c == 123 or c == 91 then
        depth = depth + 1
        if depth >= DEEPEST then
          refuse("invalid_json")
        end
        closing[depth] = c + 2
      elseif c == 125 or c == 93 then
        if closing[depth] ~= c then
          refuse("invalid_json")
        end
        depth = depth - 1
        if depth == 0 then
          r.at = at + 1
          return
        end
      elseif not OUTSIDE[c] then
        refuse("invalid_json")
      end
    end
    r.at = #data + 1
    if not more(r) then
      refuse("invalid_json")
    end
  end
end

-- Pass a number, true, false or null.
local function literal(r)
  local length = 0
  while true do
    local data, from, ends = r.data, r.at, nil
    for at = from, #data do
      local c = byte(data, at)
      if c == 44 or c == 125 or c == 32 or c == 10 or c == 13 or c == 9 then
        ends = at
        break
      elseif not OUTSIDE[c] or c == 58 then
        refuse("invalid_json")
      end
    end
    r.at = ends or #data + 1
    length = length + r.at - from
    if ends then
      if length == 0 then
        refuse("invalid_json")
      end
      return
    end
    if not more(r) then
      refuse("invalid_json")
    end
  end
end

local function is_model(r)
  local written, escaped = text(r, LONGEST_KEY)
  if not written or not (escaped or LENGTHS[#written]) then
    return false
  end
  return names_model(escaped and decoded(written) or written)
end

-- Pass a value; for the model, return its name.
local function value(r, wanted)
  local c = peek(r)
  if c == 34 then
    r.at = r.at + 1
    local written = text(r, wanted and LONGEST_TEXT or 0)
    if wanted then
      return checked(written and decoded(written) or refuse("model_invalid"))
    end
    return nil
  end
  if wanted then
    refuse(c and "model_invalid" or "invalid_json")
  end
  if c == 123 or c == 91 then
    r.at = r.at + 1
    pass(r, c)
  else
    literal(r)
  end
  return nil
end

local function json(bytes, size)
  local r, name, keys = reader(bytes, size), nil, 0
  take(r, 123)
  local c = peek(r)
  while c ~= 125 do
    keys = keys + 1
    if keys > MOST_KEYS then
      refuse("invalid_json")
    end
    take(r, 34)
    local wanted = is_model(r)
    if wanted and name then
      refuse("model_ambiguous")
    end
    take(r, 58)
    name = value(r, wanted) or name
    c = peek(r)
    if c == 44 then
      r.at = r.at + 1
      c = peek(r) == 34 and 34 or refuse("invalid_json")
    elseif c ~= 125 then
      refuse("invalid_json")
    end
  end
  r.at = r.at + 1
  if peek(r) then
    refuse("invalid_json")
  end
  return name or refuse("model_required")
end

-- The value of `model` in a query, nil without one.
local function query(text)
  local name
  for key, value in fields(text) do
    if lower(key) == "model" then
      if name then
        refuse("model_ambiguous")
      end
      name = checked(value)
    end
  end
  return name
end
