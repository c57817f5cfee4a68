-- Who calls: keys of clients by their SHA-256, or the payload of a JSON Web Token that Envoy has verified.
--
-- A Lua filter that raises lets the request through. So everything runs in pcall, and no later filter lets a request pass
-- that has not been marked here. Written in front of this by modelspec:
--   KEYS = {[sha256] = {key_id, the second from which it is refused or 0, {groups}}}
--   JWT = nil or {groups = claim, id = claim};  PUBLIC = whether some model needs no key

local ACCESS = "modelspec.access"
local KEY_ID = "x-modelspec-key-id"
local NAMES = {"authorization", "x-api-key", "api-key"}
-- Where heads would look for a key as well.
local OTHERS = {
  "x-litellm-api-key", "x-litellm-key", "x-goog-api-key", "ocp-apim-subscription-key", "proxy-authorization"
}
local LONGEST = 160
local LARGEST_BODY = 1048576

local band, bor, bxor, bnot = bit.band, bit.bor, bit.bxor, bit.bnot
local rol, ror, lshift, rshift, tohex, tobit = bit.rol, bit.ror, bit.lshift, bit.rshift, bit.tohex, bit.tobit

-- The first 32 bits of the fractional parts of the cube roots of the first 64 primes: FIPS 180-4, 4.2.2.
local K = {
  0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
  0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
  0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
  0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
  0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
  0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
  0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
  0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2
}

local function sha256(text)
  local length = #text
  text = text .. "\128" .. string.rep("\0", (55 - length) % 64)
    .. string.char(0, 0, 0, 0, band(rshift(length * 8, 24), 255), band(rshift(length * 8, 16), 255),
                   band(rshift(length * 8, 8), 255), band(length * 8, 255))
  local h1, h2, h3, h4 = 0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a
  local h5, h6, h7, h8 = 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19
  local w = {}
  for at = 1, #text, 64 do
    for i = 1, 16 do
      local b1, b2, b3, b4 = text:byte(at + i * 4 - 4, at + i * 4 - 1)
      w[i] = bor(lshift(b1, 24), lshift(b2, 16), lshift(b3, 8), b4)
    end
    for i = 17, 64 do
      local x, y = w[i - 15], w[i - 2]
      w[i] = tobit(w[i - 16] + bxor(ror(x, 7), ror(x, 18), rshift(x, 3)) + w[i - 7]
        + bxor(ror(y, 17), ror(y, 19), rshift(y, 10)))
    end
    local a, b, c, d, e, f, g, h = h1, h2, h3, h4, h5, h6, h7, h8
    for i = 1, 64 do
      local t1 = tobit(h + bxor(ror(e, 6), ror(e, 11), ror(e, 25)) + bxor(band(e, f), band(bnot(e), g)) + K[i] + w[i])
      local t2 = tobit(bxor(ror(a, 2), ror(a, 13), ror(a, 22)) + bxor(band(a, b), band(a, c), band(b, c)))
      a, b, c, d, e, f, g, h = tobit(t1 + t2), a, b, c, tobit(d + t1), e, f, g
    end
    h1, h2, h3, h4 = tobit(h1 + a), tobit(h2 + b), tobit(h3 + c), tobit(h4 + d)
    h5, h6, h7, h8 = tobit(h5 + e), tobit(h6 + f), tobit(h7 + g), tobit(h8 + h)
  end
  return tohex(h1) .. tohex(h2) .. tohex(h3) .. tohex(h4) .. tohex(h5) .. tohex(h6) .. tohex(h7) .. tohex(h8)
end

local DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
local CRC = {}
for i = 0, 255 do
  local value = i
  for _ = 1, 8 do
    value = bxor(rshift(value, 1), band(value, 1) == 1 and 0xedb88320 or 0)
  end
  CRC[i] = value
end

-- CRC-32 in six digits of base 62: a key that was cut or mistyped costs no hash.
local function checksum(text)
  local crc = -1
  for i = 1, #text do
    crc = bxor(rshift(crc, 8), CRC[band(bxor(crc, text:byte(i)), 255)])
  end
  local number, digits = bnot(crc) % 4294967296, ""
  for _ = 1, 6 do
    local digit = number % 62
    digits, number = DIGITS:sub(digit + 1, digit + 1) .. digits, (number - digit) / 62
  end
  return digits
end

-- The entry of a key, or why it is refused.
local function known(key)
  if #key > LONGEST then return nil, "invalid" end
  local before, id, secret, sum = key:match("^(ms_([a-z0-9-]+)_([0-9A-Za-z]+))_([0-9A-Za-z]+)$")
  if not before or #secret ~= 43 or sum ~= checksum(before) then return nil, "invalid" end
  local entry = KEYS[sha256(key)]
  if not entry or entry[1] ~= id then return nil, "invalid" end
  if entry[2] ~= 0 and os.time() >= entry[2] then return nil, "expired" end
  return entry
end

-- The one key that a request has; nil where it has none, and a reason where it is not clear which.
local function sent(headers)
  local found
  for _, name in ipairs(NAMES) do
    local number = headers:getNumValues(name)
    if number > 1 then return nil, "several" end
    if number == 1 then
      local value = headers:getAtIndex(name, 0)
      if name == "authorization" then
        if #value > LONGEST + 16 then return nil, "invalid" end
        value = value:match("^[Bb][Ee][Aa][Rr][Ee][Rr] +([^ ]+) *$")
        if not value then return nil, "invalid" end
      end
      if found and found ~= value then return nil, "several" end
      found = value
    end
  end
  return found
end

-- The groups of a claim: a list of strings, or one string.
local function listed(claim)
  local groups = {}
  for _, group in pairs(type(claim) == "table" and claim or {claim}) do
    -- Envoy would cut the name behind a NUL.
    if type(group) == "string" and not group:find("%z") then groups[#groups + 1] = group end
  end
  return groups
end

local function of_token(payload)
  local id = payload[JWT.id]
  if type(id) ~= "string" or #id > 128 or not id:match("^[A-Za-z0-9._@|:-]+$") then return nil, "invalid" end
  return {"jwt:" .. id, 0, listed(payload[JWT.groups])}
end

local function is_small(headers)
  local length = headers:get("content-length")
  if length then return tonumber(length) ~= nil and tonumber(length) <= LARGEST_BODY end
  local method = headers:get(":method")
  return (method == "GET" or method == "HEAD") and headers:get("transfer-encoding") == nil
end

-- Nothing where the request may go on, else why not.
local function admit(handle)
  local headers = handle:headers()
  local metadata = handle:streamInfo():dynamicMetadata()
  local token = JWT and (metadata:get("envoy.filters.http.jwt_authn") or {}).payload
  local key, reason = sent(headers)
  for _, name in ipairs(NAMES) do headers:remove(name) end
  for _, name in ipairs(OTHERS) do headers:remove(name) end
  headers:remove(KEY_ID)
  local entry
  if reason then return reason end
  if token and key then return "several" end
  if token then
    entry, reason = of_token(token)
  elseif key then
    entry, reason = known(key)
  elseif not PUBLIC then
    reason = "missing"
  elseif not is_small(headers) then
    reason = "large"
  end
  if reason then return reason end
  if entry then
    metadata:set(ACCESS, "key_id", entry[1])
    if #entry[3] > 0 then metadata:set(ACCESS, "groups", entry[3]) end
    headers:replace(KEY_ID, entry[1])
  end
  metadata:set(ACCESS, "state", entry and "known" or "anonymous")
end

local SAID = {
  missing = 'Bearer realm="modelspec"',
  large = 'Bearer realm="modelspec"',
  expired = 'Bearer realm="modelspec", error="invalid_token", error_description="the key has expired"'
}

function envoy_on_request(handle)
  local is_sound, reason = pcall(admit, handle)
  if is_sound and reason == nil then return end
  reason = is_sound and reason or "fault"
  pcall(function() handle:streamInfo():dynamicMetadata():set(ACCESS, "refused", reason) end)
  handle:respond({
    [":status"] = "401",
    ["www-authenticate"] = SAID[reason] or 'Bearer realm="modelspec", error="invalid_token"'
  }, "")
end
