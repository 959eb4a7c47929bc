"""What Redis does for the locks: queues, the numbers of a stream, calls; one script at a time.

A waiter is a token, « when it came:process:times that process lost Redis ». Scripts name keys that
they find in others (whether a process is alive), so they want one Redis, not a cluster.
"""

from __future__ import annotations

TAKEN = -1
FORGOTTEN = -2
"""We had entered the queue and are no longer in it: Redis was emptied, or believed us dead."""

FORGOTTEN_CHANNEL = "locks-forgotten"
"""Where every process hears for which key that happened: the others' places went as well."""

NOBODY = 0
"""The lock was let go and nobody is known to wait for it."""


def lock_keys(key: str) -> tuple[str, str]:
    """Its holder; who waits, by order then arrival."""
    return f"lock:{key}:holder", f"lock:{key}:queue"


def stream_keys(sequence: str) -> tuple[str, str, str, str]:
    """The number up to which none is awaited; those beyond, by number and by time of arrival;
    who holds back until a lower one comes."""
    name = f"stream:{sequence}"
    return f"{name}:mark", f"{name}:numbers", f"{name}:times", f"{name}:held-back"


_QUEUE = """
local function call(token)
  redis.call('PUBLISH', 'lock-calls:' .. string.match(token, ':(%x+):'), token)
end
local function process(token) return string.match(token, ':(.*)$') end
local function first(queue)  -- those of dead processes are passed over
  while true do
    local token = redis.call('ZRANGE', queue, 0, 0)[1]
    if not token or redis.call('EXISTS', 'alive:' .. process(token)) == 1 then return token end
    redis.call('ZREM', queue, token)
  end
end
"""

# `register` says for how many milliseconds a number lower than this one may still be awaited.
# All that is beyond the mark came within the last `patience`: older gaps are given up, so memory is
# bounded by what comes in that time. Without a mark (the first number ever, or Redis was emptied)
# what is below is unknown, and awaited like any gap.
_STREAM = """
local function register(keys, number, patience)
  local mark, numbers, times, held_back = keys[1], keys[2], keys[3], keys[4]
  local at = tonumber(redis.call('GET', mark) or '-1')
  if number <= at and number > at - 1000000 then return 0 end  -- it came again
  if number <= at then at = -1 end  -- after a week of silence Telegram starts anywhere
  local before = at
  local late = 0
  if at >= 0 and number == at + 1 and redis.call('EXISTS', numbers) == 0 then
    at = number
  else
    local time = redis.call('TIME')
    local now = time[1] * 1000 + math.floor(time[2] / 1000)
    redis.call('ZADD', numbers, number, number)
    redis.call('ZADD', times, 'NX', now, number)
    while true do
      local next = tonumber(redis.call('ZRANGE', numbers, 0, 0)[1])
      if not next then break end
      if next ~= at + 1 then  -- a gap, known since the first number beyond it came
        late = redis.call('ZRANGE', times, 0, 0, 'WITHSCORES')[2] + patience - now
        if late > 0 then break end
        late = 0
      end
      at = next
      redis.call('ZREM', numbers, next)
      redis.call('ZREM', times, next)
    end
    redis.call('PEXPIRE', numbers, patience * 10 + 60000)
    redis.call('PEXPIRE', times, patience * 10 + 60000)
  end
  if at ~= before then
    redis.call('SET', mark, string.format('%.0f', at), 'EX', 6 * 86400)
    for _, token in ipairs(redis.call('ZRANGEBYSCORE', held_back, '-inf', at)) do
      call(token)
    end
    redis.call('ZREMRANGEBYSCORE', held_back, '-inf', at)
  end
  return number <= at and 0 or late
end
"""

# Take the lock when it is free, our turn has come and no lower number is awaited: -1. Otherwise
# enter the queue: 0, or the milliseconds after which to ask again, when only a number is missing.
TAKE = (
    _QUEUE
    + _STREAM
    + """
local holder, queue = KEYS[1], KEYS[2]
local me, order, known = ARGV[1], ARGV[2], ARGV[3] == '1'
local lease, alive, patience = ARGV[4], ARGV[5], tonumber(ARGV[6])
local by = redis.call('GET', holder)
if by == me then return -1 end
if known and not redis.call('ZSCORE', queue, me) then
  redis.call('PUBLISH', 'locks-forgotten', ARGV[7])
  return -2
end
local late = 0
if KEYS[3] then
  late = register({KEYS[3], KEYS[4], KEYS[5], KEYS[6]}, tonumber(order), patience)
end
local free = not by and late == 0
if free and redis.call('EXISTS', queue) == 0 then
  redis.call('SET', holder, me, 'PX', lease)
  return -1
end
redis.call('ZADD', queue, order, me)
redis.call('PEXPIRE', queue, alive * 10)
redis.call('SET', 'alive:' .. process(me), 1, 'PX', alive)
if by or first(queue) ~= me then return 0 end
if free then
  redis.call('ZREM', queue, me)
  redis.call('SET', holder, me, 'PX', lease)
  return -1
end
redis.call('ZADD', KEYS[6], order, me)
redis.call('PEXPIRE', KEYS[6], patience * 10 + 60000)
return late
"""
)

# Let go of the lock, or of one's place in the queue. Who comes next is called, or named when it is
# one of us.
GIVE = (
    _QUEUE
    + """
local holder, queue, me = KEYS[1], KEYS[2], ARGV[1]
redis.call('ZREM', queue, me)
local by = redis.call('GET', holder)
if by == me then redis.call('DEL', holder) elseif by then return 1 end
local next = first(queue)
if not next then return 0 end
if process(next) == process(me) then return next end
call(next)
return 1
"""
)

ARRIVED = (
    _QUEUE
    + _STREAM
    + "return register({KEYS[1], KEYS[2], KEYS[3], KEYS[4]}, tonumber(ARGV[1]), tonumber(ARGV[2]))"
)

KEEP = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
return redis.call('PEXPIRE', KEYS[1], ARGV[2])
"""
