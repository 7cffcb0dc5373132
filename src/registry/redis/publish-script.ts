/**
 * Compares the position, and writes a publish or refuses it: one step, as Redis runs scripts alone. Nothing may fail
 * once the first write is done, for a script is not rolled back: types are looked at first.
 *
 * KEYS head, kinds, changes (all in one slot, as are the record hashes under the prefix)
 * ARGV 1 prefix of the record hashes, 2 3 expected epoch and revision ('' for an empty registry), 4 5 new epoch and
 *      revision, 6 head, 7 mode (some, whole, staged), 8 bytes of the entry, 9 most bytes in the stream, 10 most
 *      milliseconds an entry is kept, 11 prefix of the staged hashes; then of each change: kind, key, + or -, text;
 *      staged: of each hash: kind, how many fields it must have
 * Returns 1 | 0, epoch, revision (another position) | 0 (none that can be read) | -1, key (of a wrong type) |
 *      -2, kind (what was staged is gone)
 */
export const PUBLISH_SCRIPT = `
local head, kinds, changes = KEYS[1], KEYS[2], KEYS[3]
local prefix, mode = ARGV[1], ARGV[7]
local first = 12

local function typeOf(key) return redis.call('TYPE', key).ok end

local epoch, revision
if typeOf(head) == 'hash' then
  local found = redis.call('HMGET', head, 'epoch', 'revision')
  epoch, revision = tonumber(found[1] or ''), tonumber(found[2] or '')
end
local isKnown = epoch ~= nil and revision ~= nil
local isExpected
if ARGV[2] == '' then
  isExpected = not isKnown
else
  isExpected = isKnown and epoch == tonumber(ARGV[2]) and revision == tonumber(ARGV[3])
end
local newEpoch, newRevision = tonumber(ARGV[4]), tonumber(ARGV[5])
local isForward = not isKnown or newEpoch > epoch or (newEpoch == epoch and newRevision > revision)
if not (isExpected and isForward) then
  if not isKnown then return {0} end
  return {0, string.format('%.0f', epoch), string.format('%.0f', revision)}
end

if mode == 'some' then
  local wanted = {[head] = 'hash', [kinds] = 'set', [changes] = 'stream'}
  for i = first, #ARGV, 4 do wanted[prefix .. ARGV[i]] = 'hash' end
  for key, want in pairs(wanted) do
    local is = typeOf(key)
    if is ~= 'none' and is ~= want then return {-1, key} end
  end
elseif mode == 'staged' then
  for i = first, #ARGV, 2 do
    local key = ARGV[11] .. ARGV[i]
    if typeOf(key) ~= 'hash' or redis.call('HLEN', key) ~= tonumber(ARGV[i + 1]) then return {-2, ARGV[i]} end
  end
end

if mode ~= 'some' then
  if typeOf(kinds) == 'set' then
    for _, kind in ipairs(redis.call('SMEMBERS', kinds)) do redis.call('UNLINK', prefix .. kind) end
  end
  redis.call('UNLINK', kinds)
  if typeOf(head) ~= 'hash' then redis.call('UNLINK', head) end
  if typeOf(changes) ~= 'stream' then redis.call('UNLINK', changes) end
end

local previous = isKnown and string.format('%.0f-%.0f', epoch, revision) or '0-0'
local time = redis.call('TIME')
local now = tonumber(time[1]) * 1000 + math.floor(tonumber(time[2]) / 1000)
local entry = {'head', ARGV[6], 'previous', previous, 'at', string.format('%.0f', now), 'bytes', ARGV[8]}

if mode == 'staged' then
  for i = first, #ARGV, 2 do
    redis.call('UNLINK', prefix .. ARGV[i])
    redis.call('RENAME', ARGV[11] .. ARGV[i], prefix .. ARGV[i])
    redis.call('PERSIST', prefix .. ARGV[i])
    redis.call('SADD', kinds, ARGV[i])
  end
else
  local seen = {}
  for i = first, #ARGV, 4 do
    local kind, key, op, text = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
    if mode == 'whole' and not seen[kind] then redis.call('UNLINK', prefix .. kind) end
    if op == '+' then
      if not seen[kind] then redis.call('SADD', kinds, kind) end
      redis.call('HSET', prefix .. kind, key, text)
    else
      redis.call('HDEL', prefix .. kind, key)
    end
    seen[kind] = true
    if mode == 'some' then
      entry[#entry + 1], entry[#entry + 2], entry[#entry + 3], entry[#entry + 4] = kind, key, op, text
    end
  end
end
if mode ~= 'some' then
  entry[#entry + 1], entry[#entry + 2] = 'reload', ''
end

local id = ARGV[4] .. '-' .. ARGV[5]
local bytes = tonumber(redis.call('HGET', head, 'bytes') or '0') or 0
local added = redis.pcall('XADD', changes, id, unpack(entry))
if type(added) == 'table' and added.err then
  -- The stream is ahead of the head: a dump was restored, or the head was lost. Its history is not ours.
  redis.call('UNLINK', changes)
  redis.call('XADD', changes, id, unpack(entry))
  bytes = 0
end
bytes = bytes + tonumber(ARGV[8])
while true do
  local oldest = redis.call('XRANGE', changes, '-', '+', 'COUNT', 1)[1]
  if not oldest or oldest[1] == id then break end
  local fields = oldest[2]
  local isOld = now - (tonumber(fields[6]) or 0) > tonumber(ARGV[10])
  if bytes <= tonumber(ARGV[9]) and not isOld then break end
  redis.call('XDEL', changes, oldest[1])
  bytes = bytes - (tonumber(fields[8]) or 0)
end
redis.call('HSET', head, 'epoch', ARGV[4], 'revision', ARGV[5], 'text', ARGV[6], 'bytes', string.format('%.0f', bytes))
return {1}
`
