"""Columns for the whole ladder: link expiry, contact address, risk signals, purpose of a link, who judged a code.

Revision: 0003, after 0002

Added and dropped in place: both databases can, and nothing that refers to a table is touched.
"""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("onboardings", sa.Column("link_expires_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("onboardings", sa.Column("contact_email_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("onboardings", sa.Column("risk_sealed", sa.LargeBinary(), nullable=True))
    op.add_column("launch_links", sa.Column("purpose", sa.String(8), nullable=False, server_default="launch"))
    op.add_column(
        "phone_verification_sessions", sa.Column("verifier", sa.String(16), nullable=False, server_default="spinwheel")
    )
    op.add_column("phone_verification_sessions", sa.Column("binding_id", sa.Uuid(), nullable=True))
    op.add_column("phone_verification_sessions", sa.Column("address_hash", sa.LargeBinary(32), nullable=True))
    op.add_column("launch_links", sa.Column("press_digest", sa.LargeBinary(32), nullable=True))
    op.add_column("jobs", sa.Column("open_claims", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("onboardings", sa.Column("link_binding_id", sa.Uuid(), nullable=True))
    op.add_column("onboardings", sa.Column("code_needed", sa.Boolean(), nullable=False, server_default=sa.false()))
    op.add_column("onboardings", sa.Column("connecting_since", sa.DateTime(timezone=True), nullable=True))
    op.add_column("bindings", sa.Column("opener_id", sa.Uuid(), nullable=True))


def downgrade() -> None:
    op.drop_column("bindings", "opener_id")
    for name in ("connecting_since", "code_needed", "link_binding_id"):
        op.drop_column("onboardings", name)
    op.drop_column("jobs", "open_claims")
    op.drop_column("launch_links", "press_digest")
    for name in ("address_hash", "binding_id", "verifier"):
        op.drop_column("phone_verification_sessions", name)
    op.drop_column("launch_links", "purpose")
    for name in ("risk_sealed", "contact_email_sealed", "link_expires_at"):
        op.drop_column("onboardings", name)
