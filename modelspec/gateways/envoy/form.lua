-- Finds the name of the model in a form: RFC 7578, in the one way in which clients write it. `scan.lua` stands above.

-- The boundary of a form by its content type; nil if that has anything but a boundary and UTF-8.
local function boundary_of(kind)
  local found
  local rest = string.match(kind, "^[mM][uU][lL][tT][iI][pP][aA][rR][tT]/[fF][oO][rR][mM]%-[dD][aA][tT][aA]%s*(;.*)$")
  while rest and rest ~= "" do
    local key, quoted, after = string.match(rest, '^;%s*([%w%-]+)="([%w\'()+_,./:=?%- ]*)"%s*(.*)$')
    if not key then
      key, quoted, after = string.match(rest, "^;%s*([%w%-]+)=([%w'()+_,./:=?%-]*)%s*(.*)$")
    end
    key = key and lower(key)
    if key == "boundary" and not found then
      found = quoted
    elseif not (key == "charset" and lower(quoted) == "utf-8") then
      return nil
    end
    rest = after
  end
  if found and #found >= 1 and #found <= 70 and not find(found, " $") then
    return found
  end
  return nil
end

-- The name of a part, and whether it is a file.
local function disposition(value)
  local name, file
  local rest = string.match(value, "^[fF][oO][rR][mM]%-[dD][aA][tT][aA]%s*(;.*)$")
  while rest and rest ~= "" do
    local key, quoted, after = string.match(rest, '^;%s*([%w%-]+%*?)="([^"\\]*)"%s*(.*)$')
    if not key then
      key, quoted, after = string.match(rest, "^;%s*([%w%-]+%*?)=([^%s\";\\]+)%s*(.*)$")
    end
    key = key and lower(key)
    if key == "name" and not name then
      name = quoted
    elseif key == "filename" or key == "filename*" then
      file = true
    else
      return nil
    end
    rest = after
  end
  return name, file
end

-- The name of a part by its headers; whether it is a field, without a file's name or an encoding.
local function part(headers)
  local name, file, encoded
  for line in string.gmatch(headers .. "\r\n", "(.-)\r\n") do
    local key, value = string.match(line, "^([%w%-]+):[ \t]*([^%c]*)$")
    key = key and lower(key)
    if not key or (key == "content-disposition" and name) then
      refuse("invalid_form")
    elseif key == "content-disposition" then
      name, file = disposition(value)
      name = name or refuse("invalid_form")
    elseif key == "content-transfer-encoding" then
      value = lower(value)
      encoded = value ~= "binary" and value ~= "8bit" and value ~= "7bit"
    end
  end
  return name or refuse("invalid_form"), not (file or encoded)
end

-- Pass what stands before a mark, and the mark: what stood there if it has at most `most` bytes, else nil.
local function before(r, mark, most)
  local kept, length = "", 0
  while true do
    local at = find(r.data, mark, r.at, true)
    local last = at and at - 1 or math.max(#r.data - #mark + 1, r.at - 1)
    length = length + last - r.at + 1
    if length <= most then
      kept = kept .. sub(r.data, r.at, last)
    end
    r.at = last + 1
    if at then
      r.at = at + #mark
      return length <= most and kept or nil
    end
    if not more(r) then
      refuse("invalid_form")
    end
  end
end

-- The next bytes, fewer at the end.
local function ahead(r, length)
  while #r.data - r.at + 1 < length and more(r) do
  end
  return sub(r.data, r.at, r.at + length - 1)
end

local function form(bytes, size, boundary)
  local r, name = reader(bytes, size), nil
  local mark = "--" .. boundary
  if ahead(r, #mark + 2) ~= mark .. "\r\n" then
    refuse("invalid_form")
  end
  r.at = r.at + #mark + 2
  mark = "\r\n" .. mark
  while true do
    local key, is_field = part(before(r, "\r\n\r\n", LONGEST_HEADERS) or refuse("invalid_form"))
    local wanted = names_model(key)
    if wanted and (name or not is_field) then
      refuse(name and "model_ambiguous" or "model_invalid")
    end
    local content = before(r, mark, wanted and LONGEST_NAME or 0)
    if wanted then
      name = checked(content or refuse("model_invalid"))
    end
    local ends = ahead(r, 2)
    r.at = r.at + 2
    if ends == "--" then
      local rest = ahead(r, 3)
      if rest ~= "" and rest ~= "\r\n" then
        refuse("invalid_form")
      end
      return name or refuse("model_required")
    elseif ends ~= "\r\n" then
      refuse("invalid_form")
    end
  end
end
