"""The pace of channels, shared by all processes, and indexes for what is claimed in order"""

import sqlalchemy as sa
from alembic import op

from bot.storage.db import Instant

revision = '0009'
down_revision = '0008'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('channel_paces',
    sa.Column('channel', sa.String(length=16), nullable=False),
    sa.Column('free_at', Instant(), nullable=False),
    sa.Column('quiet_until', Instant(), nullable=True),
    sa.PrimaryKeyConstraint('channel', name=op.f('pk_channel_paces'))
    )
    op.drop_index('ix_nudges_due', 'nudges')
    op.create_index('ix_nudges_due', 'nudges', ['state', 'send_at', 'loan_id'], unique=False)
    agreed = sa.text("state = 'queued' AND purpose = 'instalment'")
    op.create_index('ix_nudges_agreed', 'nudges', ['send_at'], sqlite_where=agreed, postgresql_where=agreed)


def downgrade() -> None:
    op.drop_index('ix_nudges_agreed', 'nudges')
    op.drop_index('ix_nudges_due', 'nudges')
    op.create_index('ix_nudges_due', 'nudges', ['state', 'send_at'], unique=False)
    op.drop_table('channel_paces')
