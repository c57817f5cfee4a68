-- Who may call the model of a route, by its metadata: runs when the route is known and the client has been.
--
-- A Lua filter that raises lets the request through: the RBAC filter behind it refuses what is not marked as granted here.
-- Written in front of this by modelspec: AUTHENTICATED = whether clients are known at all;  REGION = that of the edge, or nil

local ACCESS = "modelspec.access"

local function has(list, wanted)
  for _, one in pairs(list or {}) do
    if one == wanted then return true end
  end
  return false
end

-- Nothing where the client may call the model, else a status and why.
local function refusal(handle)
  local access = handle:streamInfo():dynamicMetadata():get(ACCESS) or {}
  local route = handle:metadata()
  if AUTHENTICATED then
    local visibility = route:get("visibility") or "internal"
    if access.state ~= "known" and not (access.state == "anonymous" and visibility == "public") then
      return "401", "missing"
    end
    if visibility == "private" then
      local is_member = false
      for _, group in pairs(route:get("groups") or {}) do
        is_member = is_member or has(access.groups, group)
      end
      if not is_member then return "403", "group" end
    end
  end
  local regions = route:get("client_regions")
  if regions and not has(regions, access.client_region or REGION) then return "403", "region" end
end

function envoy_on_request(handle)
  local is_sound, status, reason = pcall(refusal, handle)
  local metadata = handle:streamInfo():dynamicMetadata()
  if is_sound and status == nil then
    metadata:set(ACCESS, "granted", "yes")
    return
  end
  metadata:set(ACCESS, "refused", is_sound and reason or "fault")
  local headers = {[":status"] = is_sound and status or "403"}
  if status == "401" then headers["www-authenticate"] = 'Bearer realm="modelspec"' end
  handle:respond(headers, "")
end
