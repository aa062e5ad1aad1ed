"""On PostgreSQL: the app's role, its rights, and row-level security on every table of a tenant.

Revision: 0002, after 0001

SQLite has neither; there the session's scope holds alone. The tables that *find* a tenant hold ids and hashes only and
stay readable without one.
"""

import sqlalchemy as sa
from alembic import context, op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TENANT_TABLES = (
    "analytics_events",
    "consents",
    "data_keys",
    "deliveries",
    "delivery_attempts",
    "events",
    "idempotency_keys",
    "observations",
    "onboardings",
    "phone_verification_sessions",
    "plaid_accounts",
    "plaid_items",
    "prefill_data",
    "provider_connections",
    "provider_events",
    "settings_versions",
    "users",
    "webhook_endpoints",
)
FINDING_TABLES = ("api_keys", "bindings", "jobs", "launch_links", "provider_links", "send_counters", "signing_keys", "tenants")
OWN = (
    "tenant_id = NULLIF(current_setting('app.tenant_id', true), '')::uuid "
    "AND mode = NULLIF(current_setting('app.mode', true), '')"
)


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _role() -> str:
    return op.get_bind().dialect.identifier_preparer.quote(context.get_context().opts["app_role"])


def upgrade() -> None:
    if not _on_postgresql():
        return
    role = _role()
    exists = op.get_bind().scalar(sa.text("SELECT 1 FROM pg_roles WHERE rolname = :name"), {"name": role.strip('"')})
    if not exists:
        op.execute(f"CREATE ROLE {role} NOLOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOBYPASSRLS")
    op.execute(f"GRANT {role} TO CURRENT_USER")
    op.execute(f"GRANT USAGE ON SCHEMA public TO {role}")
    for table in (*TENANT_TABLES, *FINDING_TABLES):
        op.execute(f"GRANT SELECT, INSERT, UPDATE, DELETE ON {table} TO {role}")
    # Evidence is written once: the app may mark a consent withdrawn and can change nothing else about it.
    op.execute(f"REVOKE UPDATE, DELETE ON consents FROM {role}")
    op.execute(f"GRANT UPDATE (withdrawn_at) ON consents TO {role}")
    for table in TENANT_TABLES:
        op.execute(f"ALTER TABLE {table} ENABLE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} FORCE ROW LEVEL SECURITY")
        op.execute(f"CREATE POLICY own_rows ON {table} USING ({OWN}) WITH CHECK ({OWN})")


def downgrade() -> None:
    if not _on_postgresql():
        return
    role = _role()
    for table in TENANT_TABLES:
        op.execute(f"DROP POLICY own_rows ON {table}")
        op.execute(f"ALTER TABLE {table} NO FORCE ROW LEVEL SECURITY")
        op.execute(f"ALTER TABLE {table} DISABLE ROW LEVEL SECURITY")
    for table in (*TENANT_TABLES, *FINDING_TABLES):
        op.execute(f"REVOKE ALL ON {table} FROM {role}")
    op.execute(f"REVOKE USAGE ON SCHEMA public FROM {role}")
