-- Where the client is, by the header of a proxy that Envoy has found to be one of those that are trusted. Without a header,
-- it is where the edge is; a region that is not declared is none. Written in front of this by modelspec:
--   HEADER = its name;  REGIONS = {[code] = true};  REGION = that of the edge, or nil

local function place(handle)
  local headers = handle:headers()
  local number = headers:getNumValues(HEADER)
  local value = number == 1 and headers:getAtIndex(HEADER, 0) or nil
  headers:remove(HEADER)
  local metadata = handle:streamInfo():dynamicMetadata()
  local rbac = metadata:get("envoy.filters.http.rbac") or {}
  local region = REGION
  if number > 0 and rbac.modelspec_proxy_shadow_engine_result == "allowed" then
    region = REGIONS[value or ""] and value or nil
  end
  if region then metadata:set("modelspec.access", "client_region", region) end
end

function envoy_on_request(handle)
  -- What raises leaves the client without a region, which opens no model that asks for one.
  pcall(place, handle)
end
