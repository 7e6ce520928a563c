"""The steps that Redis takes as one: what a command sent twice must find changed only once.

A record's value is a letter, the id of the put, the id of the last change and the content: `R` is kept, `T` was taken.
An id is 16 bytes that one call drew: a command sent again, after its first answer was lost, knows its own work by it.
What was taken or deleted stays as `T` for a minute, so that a put that arrives late does not bring it back.
"""

from typing import Final

ID_BYTES: Final = 16
CONTENT: Final = 1 + 2 * ID_BYTES
"""Where the content of a record begins."""
KEPT: Final = b"R"

# A set of the ids of calls: whoever counts again counts once.
COUNT: Final = """
local key, id, window, limit = KEYS[1], ARGV[1], ARGV[2], tonumber(ARGV[3])
if redis.call('SCARD', key) < limit then redis.call('SADD', key, id) end
if redis.call('PTTL', key) < 0 then redis.call('PEXPIRE', key, window) end
return redis.call('SCARD', key)
"""

PUT: Final = """
local key, id, value, life = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local held = redis.call('GET', key)
if held and string.sub(held, 2, 17) == id then return 0 end
redis.call('SET', key, 'R' .. id .. id .. value, 'PX', life)
return 1
"""

TAKE: Final = """
local key, id = KEYS[1], ARGV[1]
local held = redis.call('GET', key)
if not held then return false end
local content = string.sub(held, 34)
if string.sub(held, 1, 1) == 'T' then
  if string.sub(held, 18, 33) == id then return content end
  return false
end
local life = math.max(1, math.min(redis.call('PTTL', key), 60000))
redis.call('SET', key, 'T' .. string.sub(held, 2, 17) .. id .. content, 'PX', life)
return content
"""

REPLACE: Final = """
local key, id, old, new = KEYS[1], ARGV[1], ARGV[2], ARGV[3]
local held = redis.call('GET', key)
if not held or string.sub(held, 1, 1) ~= 'R' then return 0 end
if string.sub(held, 18, 33) == id then return 1 end
if string.sub(held, 34) ~= old then return 0 end
redis.call('SET', key, 'R' .. string.sub(held, 2, 17) .. id .. new, 'KEEPTTL')
return 1
"""

# Without an `old` whatever is kept is in the way. The id of a put stays, so that this put, sent again, changes nothing.
SWAP: Final = """
local key, id, expects, old, new, life = KEYS[1], ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local held = redis.call('GET', key)
if held and (string.sub(held, 2, 17) == id or string.sub(held, 18, 33) == id) then return 1 end
local kept = held and string.sub(held, 1, 1) == 'R'
local put = id
if expects == '1' then
  if not kept or string.sub(held, 34) ~= old then return 0 end
  put = string.sub(held, 2, 17)
elseif kept then
  return 0
end
redis.call('SET', key, 'R' .. put .. id .. new, 'PX', life)
return 1
"""

DELETE: Final = """
local key, id = KEYS[1], ARGV[1]
local held = redis.call('GET', key)
if not held then return 0 end
local life = math.max(1, math.min(redis.call('PTTL', key), 60000))
redis.call('SET', key, 'T' .. string.sub(held, 2, 17) .. id, 'PX', life)
return 1
"""

# Not trimmed by MAXLEN, which would drop revocations that are in force: what has ended goes, and a full feed refuses.
APPEND: Final = """
local stream, mark, epoch = KEYS[1], KEYS[2], ARGV[1]
local now, limit, upto, event = tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4], ARGV[5]
redis.call('SET', mark, epoch, 'NX')
for _, entry in ipairs(redis.call('XRANGE', stream, '-', '+', 'COUNT', 100)) do
  if tonumber(entry[2][2]) <= now then redis.call('XDEL', stream, entry[1]) end
end
if redis.call('XLEN', stream) >= limit then return 0 end
redis.call('XADD', stream, '*', 'u', upto, 'e', event)
return 1
"""

# The feed's epoch, the place of the last event ever added, and a page of events from a place on.
EVENTS: Final = """
local stream, mark, epoch, from, page = KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3]
redis.call('SET', mark, epoch, 'NX')
local last = '0-0'
if redis.call('EXISTS', stream) == 1 then
  local told = redis.call('XINFO', 'STREAM', stream)
  for at = 1, #told, 2 do
    if told[at] == 'last-generated-id' then last = told[at + 1] end
  end
end
return {redis.call('GET', mark), last, redis.call('XRANGE', stream, from, '+', 'COUNT', page)}
"""
