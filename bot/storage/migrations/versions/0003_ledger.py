"""The records of contacts and events, chained by hashes, and what tells which rows are in them"""

import sqlalchemy as sa
from alembic import op

from bot.storage.db import Instant

revision = '0003'
down_revision = '0002'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('ledger_heads',
    sa.Column('chain', sa.String(length=16), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('chain', name=op.f('pk_ledger_heads'))
    )
    op.create_table('ledger_entries',
    sa.Column('chain', sa.String(length=16), nullable=False),
    sa.Column('number', sa.BigInteger(), nullable=False),
    sa.Column('source_id', sa.Integer(), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.Column('record', sa.Text(), nullable=False),
    sa.Column('prev_hash', sa.String(length=64), nullable=False),
    sa.Column('hash', sa.String(length=64), nullable=False),
    sa.PrimaryKeyConstraint('chain', 'number', name=op.f('pk_ledger_entries'))
    )
    with op.batch_alter_table('ledger_entries') as batch_op:
        batch_op.create_index('ix_ledger_entries_at', ['chain', 'at'], unique=False)
        batch_op.create_index('ix_ledger_entries_source', ['chain', 'source_id'], unique=False)
    with op.batch_alter_table('messages') as batch_op:
        batch_op.add_column(sa.Column('template_version', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('policy_version', sa.String(length=80), nullable=True))
        batch_op.add_column(sa.Column('recorded', sa.String(length=10), nullable=True))
    with op.batch_alter_table('audit_events') as batch_op:
        batch_op.add_column(sa.Column('recorded', sa.Boolean(), server_default=sa.false(), nullable=False))
    unrecorded = sa.text("recorded IS NULL OR (direction = 'out' AND recorded <> state)")
    op.create_index('ix_messages_unrecorded', 'messages', ['id'], sqlite_where=unrecorded, postgresql_where=unrecorded)
    unrecorded = sa.text('NOT recorded')
    op.create_index('ix_audit_events_unrecorded', 'audit_events', ['id'], sqlite_where=unrecorded, postgresql_where=unrecorded)
    switch = sa.text("kind = 'kill_switch'")
    op.create_index('ix_audit_events_switch', 'audit_events', ['id'], sqlite_where=switch, postgresql_where=switch)


def downgrade() -> None:
    op.drop_index('ix_audit_events_switch', 'audit_events')
    op.drop_index('ix_audit_events_unrecorded', 'audit_events')
    op.drop_index('ix_messages_unrecorded', 'messages')
    with op.batch_alter_table('audit_events') as batch_op:
        batch_op.drop_column('recorded')
    with op.batch_alter_table('messages') as batch_op:
        batch_op.drop_column('recorded')
        batch_op.drop_column('policy_version')
        batch_op.drop_column('template_version')
    op.drop_table('ledger_entries')
    op.drop_table('ledger_heads')
