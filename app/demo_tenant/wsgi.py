"""Served by: granian --interface wsgi app.demo_tenant.wsgi:app --workers 1 --port 8002.

One worker, because callbacks and visits are kept in memory.
"""

import os

from app.demo_tenant import create_demo_tenant
from app.demo_tenant.config import load_config

app = create_demo_tenant(load_config(os.environ["DEMO_TENANT_CONFIG"]))
