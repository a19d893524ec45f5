"""Reminders of several debts in one message, their next channel when unread, notices that people approve"""

import sqlalchemy as sa
from alembic import op

from bot.storage.db import Instant

revision = '0011'
down_revision = '0010'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('nudges') as nudges:
        nudges.add_column(sa.Column('leader_id', sa.Integer(), nullable=True))
        nudges.add_column(sa.Column('again_hours', sa.Integer(), nullable=True))
        nudges.add_column(sa.Column('again_at', Instant(), nullable=True))
        nudges.add_column(sa.Column('ground', sa.String(length=40), nullable=True))
        nudges.add_column(sa.Column('asked_by', sa.Integer(), nullable=True))
        nudges.create_foreign_key(op.f('fk_nudges_leader_id'), 'nudges', ['leader_id'], ['id'])
        nudges.create_foreign_key(op.f('fk_nudges_asked_by'), 'agents', ['asked_by'], ['id'])
    for name, column in (('ix_nudges_led', 'leader_id'), ('ix_nudges_again', 'again_at')):
        there = sa.text(f'{column} IS NOT NULL')
        op.create_index(name, 'nudges', [column], sqlite_where=there, postgresql_where=there)
    with op.batch_alter_table('messages') as messages:
        messages.add_column(sa.Column('read_at', Instant(), nullable=True))
    op.create_table('nudge_votes',
    sa.Column('nudge_id', sa.Integer(), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('approves', sa.Boolean(), nullable=False),
    sa.Column('reason', sa.String(length=500), nullable=False),
    sa.Column('at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['nudge_id'], ['nudges.id'], name=op.f('fk_nudge_votes_nudge_id')),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_nudge_votes_agent_id')),
    sa.PrimaryKeyConstraint('nudge_id', 'agent_id', name=op.f('pk_nudge_votes'))
    )


def downgrade() -> None:
    op.drop_table('nudge_votes')
    with op.batch_alter_table('messages') as messages:
        messages.drop_column('read_at')
    op.drop_index('ix_nudges_again', 'nudges')
    op.drop_index('ix_nudges_led', 'nudges')
    with op.batch_alter_table('nudges') as nudges:
        nudges.drop_constraint(op.f('fk_nudges_asked_by'), type_='foreignkey')
        nudges.drop_constraint(op.f('fk_nudges_leader_id'), type_='foreignkey')
        for column in ('asked_by', 'ground', 'again_at', 'again_hours', 'leader_id'):
            nudges.drop_column(column)
