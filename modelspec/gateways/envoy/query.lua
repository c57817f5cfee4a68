-- Takes a query apart, as heads do: https://url.spec.whatwg.org/#urlencoded-parsing, with `;` as an older separator.
local function unescaped(text)
  return (string.gsub(text, "%%(%x%x)", function(digits)
    return string.char(tonumber(digits, 16))
  end))
end

-- Keys and values in turn.
local function fields(query)
  local next_pair = string.gmatch(query, "[^&;]+")
  return function()
    local pair = next_pair()
    if not pair then
      return nil
    end
    local key, value = string.match((string.gsub(pair, "%+", " ")), "^([^=]*)=?(.*)$")
    return unescaped(key), unescaped(value)
  end
end
