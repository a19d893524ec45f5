"""When borrowers moved, found by borrower"""

import sqlalchemy as sa
from alembic import op

revision = '0016'
down_revision = '0015'
branch_labels = None
depends_on = None


def upgrade() -> None:
    moves = sa.text("kind = 'timezone_changed'")
    op.create_index(
        'ix_audit_events_moves', 'audit_events', ['borrower_id'], sqlite_where=moves, postgresql_where=moves
    )


def downgrade() -> None:
    op.drop_index('ix_audit_events_moves', 'audit_events')
