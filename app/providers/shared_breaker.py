"""Breakers of one installation, shared by all its processes through Redis.

One small script for each question, so that of many processes one alone gets the probe; times are Redis' own. Redis is
never needed: while it is away each process judges by what it saw itself, and is not held up by asking.
"""

import logging
import secrets
import threading
import time
from collections.abc import Callable
from typing import Any

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from app.providers.breaker import LOCAL, Breaker, BreakerRules, Maker, Ticket

logger = logging.getLogger(__name__)

# A call to a provider takes hundreds of milliseconds; asking whether it may be made takes one, or is given up.
ANSWER_SECONDS = 0.1
# After a failure Redis is left alone for this long.
AWAY_SECONDS = 5.0
BUCKETS = 6
SHARED = "shared"
_NOW = "local t = redis.call('TIME'); local now = t[1] * 1000 + math.floor(t[2] / 1000); "

_ALLOW = (
    _NOW
    + """
local opened = redis.call('HGET', KEYS[1], 'opened')
if not opened then return 0 end
if tonumber(opened) + ARGV[1] > now then return -1 end
local leased = redis.call('HGET', KEYS[1], 'leased')
if leased and tonumber(leased) > now then return -1 end
redis.call('HSET', KEYS[1], 'probe', ARGV[3], 'leased', now + ARGV[2])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1
"""
)
# Outcomes are counted in buckets of a sixth of the window, so that old ones are forgotten without a list of them all.
_RECORD = (
    _NOW
    + """
local ticket, failed, bucket = tonumber(ARGV[1]), ARGV[2] == '1', math.floor(now / ARGV[3])
if redis.call('HEXISTS', KEYS[1], 'opened') == 1 then
  if ticket > 0 and redis.call('HGET', KEYS[1], 'probe') == ARGV[1] and redis.call('HDEL', KEYS[1], 'leased') == 1 then
    if failed then redis.call('HSET', KEYS[1], 'opened', now) else redis.call('HDEL', KEYS[1], 'opened') end
  end
  return
end
if ticket > 0 then return end
redis.call('HINCRBY', KEYS[1], 'all:' .. bucket, 1)
if failed then redis.call('HINCRBY', KEYS[1], 'bad:' .. bucket, 1) end
local all, bad = 0, 0
local fields = redis.call('HGETALL', KEYS[1])
for i = 1, #fields, 2 do
  local kind, at = string.match(fields[i], '^(%a+):(%d+)$')
  if kind and tonumber(at) <= bucket - ARGV[4] then redis.call('HDEL', KEYS[1], fields[i])
  elseif kind == 'all' then all = all + fields[i + 1]
  elseif kind == 'bad' then bad = bad + fields[i + 1] end
end
if all >= tonumber(ARGV[5]) and bad >= ARGV[6] * all then
  redis.call('DEL', KEYS[1])
  redis.call('HSET', KEYS[1], 'opened', now)
end
redis.call('PEXPIRE', KEYS[1], ARGV[7])
"""
)
_WAIT = (
    _NOW
    + """
local opened = redis.call('HGET', KEYS[1], 'opened')
return opened and math.max(0, tonumber(opened) + ARGV[1] - now) or -1
"""
)
_RELEASE = "if redis.call('HGET', KEYS[1], 'probe') == ARGV[1] then redis.call('HDEL', KEYS[1], 'leased') end"


class RedisLink:
    """Scripts run on one Redis, or None in no time while it is away."""

    def __init__(self, url: str, clock: Callable[[], float] = time.monotonic) -> None:
        self._redis = redis.Redis.from_url(
            url, socket_timeout=ANSWER_SECONDS, socket_connect_timeout=ANSWER_SECONDS, retry=Retry(NoBackoff(), 0)
        )
        self._clock = clock
        self._lock = threading.Lock()
        self._away_until = 0.0
        self._scripts = {text: self._redis.register_script(text) for text in (_ALLOW, _RECORD, _WAIT, _RELEASE)}

    def run(self, script: str, key: str, *arguments: float) -> Any:
        """What the script returned (`True` for nothing); None when Redis did not answer, or did not lately."""
        if not self._may_ask():
            return None
        try:
            answer = self._scripts[script](keys=[key], args=list(arguments))
        except (redis.RedisError, OSError) as failure:
            self._away_until = self._clock() + AWAY_SECONDS
            logger.warning("circuit breakers are not shared for now: %s", type(failure).__name__)
            return None
        self._away_until = 0.0
        return True if answer is None else answer

    def _may_ask(self) -> bool:
        """Of many threads one alone tries whether Redis is back."""
        with self._lock:
            now = self._clock()
            if now < self._away_until:
                return False
            if self._away_until:
                self._away_until = now + AWAY_SECONDS
            return True

    def close(self) -> None:
        """End the connections."""
        self._redis.close()


class SharedBreaker(Breaker):
    """The same promises as `Breaker`; what this process saw is kept beside, for when Redis is away."""

    def __init__(self, link: RedisLink, key: str, rules: BreakerRules | None, clock: Callable[[], float]) -> None:
        super().__init__(rules, clock)
        self._link = link
        self._key = f"prefill:breaker:{key}"
        rules = self._rules
        self._open, self._lease = _milliseconds(rules.open_seconds), _milliseconds(rules.probe_seconds)
        self._bucket = max(1, _milliseconds(rules.window) // BUCKETS)
        self._life = _milliseconds(rules.window) + self._open + self._lease

    @property
    def state(self) -> str:
        wait = self._link.run(_WAIT, self._key, self._open)
        if wait is None:
            return super().state
        return "closed" if wait < 0 else "open" if wait else "half_open"

    def retry_after(self) -> float:
        wait = self._link.run(_WAIT, self._key, self._open)
        return super().retry_after() if wait is None else max(0.0, wait / 1000)

    def allow(self) -> Ticket | None:
        # Never 0, and never again: a lost probe's answer must not pass for a later one's.
        number = secrets.randbits(48) + 1
        answer = self._link.run(_ALLOW, self._key, self._open, self._lease, number, self._life)
        if answer is None:
            return super().allow()
        return None if answer < 0 else Ticket(number if answer else 0, SHARED)

    def record(self, ticket: Ticket, failed: bool) -> None:
        if ticket.issuer == LOCAL:
            super().record(ticket, failed)
            return
        super().record(Ticket(0, LOCAL), failed)
        rules = self._rules
        counted = (self._bucket, BUCKETS, rules.minimum, rules.rate, self._life)
        self._link.run(_RECORD, self._key, ticket.number, int(failed), *counted)

    def release(self, ticket: Ticket) -> None:
        if ticket.issuer == LOCAL:
            super().release(ticket)
        elif ticket.number:
            self._link.run(_RELEASE, self._key, ticket.number)


def shared_by(link: RedisLink) -> Maker:
    """What makes the breakers of all processes that ask this Redis."""
    return lambda key, rules, clock: SharedBreaker(link, key, rules, clock)


def _milliseconds(seconds: float) -> int:
    return int(seconds * 1000)
