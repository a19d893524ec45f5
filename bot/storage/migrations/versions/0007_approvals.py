"""Requests beyond somebody's authority, offers that people granted, and how complaints are answered"""

import sqlalchemy as sa
from alembic import op

from bot.storage.db import Instant

revision = '0007'
down_revision = '0006'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('approvals',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('loan_id', sa.Integer(), nullable=False),
    sa.Column('conversation_id', sa.String(length=36), nullable=False),
    sa.Column('turn', sa.String(length=64), nullable=False),
    sa.Column('wish', sa.JSON(), nullable=False),
    sa.Column('terms', sa.JSON(), nullable=False),
    sa.Column('option', sa.JSON(), nullable=False),
    sa.Column('limits', sa.JSON(), nullable=False),
    sa.Column('level', sa.String(length=12), nullable=False),
    sa.Column('state', sa.String(length=12), nullable=False),
    sa.Column('needs_two', sa.Boolean(), nullable=False),
    sa.Column('asked_by', sa.Integer(), nullable=True),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('second_by', sa.Integer(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('second_reason', sa.Text(), nullable=True),
    sa.Column('policy_version', sa.String(length=80), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('expires_at', Instant(), nullable=False),
    sa.Column('decided_at', Instant(), nullable=True),
    sa.Column('told_at', Instant(), nullable=True),
    sa.ForeignKeyConstraint(['asked_by'], ['agents.id'], name=op.f('fk_approvals_asked_by')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_approvals_conversation_id')),
    sa.ForeignKeyConstraint(['decided_by'], ['agents.id'], name=op.f('fk_approvals_decided_by')),
    sa.ForeignKeyConstraint(['loan_id'], ['loans.id'], name=op.f('fk_approvals_loan_id')),
    sa.ForeignKeyConstraint(['second_by'], ['agents.id'], name=op.f('fk_approvals_second_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_approvals')),
    sa.UniqueConstraint('turn', name=op.f('uq_approvals_turn'))
    )
    op.create_index(op.f('ix_approvals_loan_id'), 'approvals', ['loan_id'])
    waiting = sa.text("state = 'waiting'")
    op.create_index('uq_approvals_waiting', 'approvals', ['loan_id'], unique=True, sqlite_where=waiting, postgresql_where=waiting)
    untold = sa.text('told_at IS NULL')
    op.create_index('ix_approvals_untold', 'approvals', ['id'], sqlite_where=untold, postgresql_where=untold)
    with op.batch_alter_table('offers') as batch_op:
        batch_op.add_column(sa.Column('authority', sa.String(length=12), server_default='bot', nullable=False))
        batch_op.add_column(sa.Column('approval_id', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('agent_id', sa.Integer(), nullable=True))
        batch_op.create_foreign_key(op.f('fk_offers_approval_id'), 'approvals', ['approval_id'], ['id'])
        batch_op.create_foreign_key(op.f('fk_offers_agent_id'), 'agents', ['agent_id'], ['id'])
    with op.batch_alter_table('complaints') as batch_op:
        batch_op.add_column(sa.Column('category', sa.String(length=24), server_default='other', nullable=False))
        batch_op.add_column(sa.Column('answer', sa.Text(), nullable=True))
        batch_op.add_column(sa.Column('answered_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('outcome', sa.String(length=24), nullable=True))
        batch_op.add_column(sa.Column('closed_at', Instant(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table('complaints') as batch_op:
        for name in ('closed_at', 'outcome', 'answered_at', 'answer', 'category'):
            batch_op.drop_column(name)
    with op.batch_alter_table('offers') as batch_op:
        batch_op.drop_constraint(op.f('fk_offers_agent_id'), type_='foreignkey')
        batch_op.drop_constraint(op.f('fk_offers_approval_id'), type_='foreignkey')
        for name in ('agent_id', 'approval_id', 'authority'):
            batch_op.drop_column(name)
    op.drop_table('approvals')
