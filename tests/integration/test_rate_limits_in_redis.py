"""Where Redis is configured, every process counts the same limits there."""

import os

import pytest
from redis import Redis

from app import create_app
from tests.conftest import missing
from tests.support.clients import CheckedClient
from tests.support.settings import make_settings
from tests.support.tenants import make_tenant

pytestmark = pytest.mark.redis


@pytest.fixture
def redis_url() -> str:
    """An empty Redis database of this test's own."""
    url = os.environ.get("TEST_REDIS_URL", "")
    if not url:
        missing("TEST_REDIS_URL names no Redis server")
    with Redis.from_url(url) as server:
        server.flushdb()
    return url


def test_two_processes_share_one_count(database_url: str, redis_url: str) -> None:
    apps = [create_app(make_settings(database_url, PREFILL_REDIS_URL=redis_url)) for _ in range(2)]
    tenant = make_tenant(apps[0].extensions["services"])
    left = []
    for app in (*apps, *apps):
        client = CheckedClient(app)
        answer = client.get("/api/v1/onboardings", headers=tenant.headers)
        assert answer.status_code == 200
        left.append(int(answer.headers["RateLimit-Remaining"]))
    assert left == [left[0] - step for step in range(4)]
    with Redis.from_url(redis_url) as server:
        assert server.dbsize() > 0
    for app in apps:
        app.extensions["services"].database.dispose()
