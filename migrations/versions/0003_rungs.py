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


def downgrade() -> None:
    op.drop_column("phone_verification_sessions", "verifier")
    op.drop_column("launch_links", "purpose")
    for name in ("risk_sealed", "contact_email_sealed", "link_expires_at"):
        op.drop_column("onboardings", name)
