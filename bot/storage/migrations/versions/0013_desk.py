"""Hand-offs are routed and put aside; agents have teams, drafts, notes, views; cases are reviewed"""

import sqlalchemy as sa
from alembic import op

from bot.storage.db import Instant

revision = '0013'
down_revision = '0012'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('agent_teams',
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('team', sa.String(length=32), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_agent_teams_agent_id')),
    sa.PrimaryKeyConstraint('agent_id', 'team', name=op.f('pk_agent_teams'))
    )
    op.create_table('saved_views',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('name', sa.String(length=60), nullable=False),
    sa.Column('filters', sa.Text(), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_saved_views_agent_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_saved_views')),
    sa.UniqueConstraint('agent_id', 'name', name=op.f('uq_saved_views_agent_id_name'))
    )
    op.create_table('case_notes',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('handoff_id', sa.Integer(), nullable=False),
    sa.Column('conversation_id', sa.String(length=36), nullable=False),
    sa.Column('borrower_id', sa.Integer(), nullable=True),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=True),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('created_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_case_notes_agent_id')),
    sa.ForeignKeyConstraint(['borrower_id'], ['borrowers.id'], name=op.f('fk_case_notes_borrower_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_case_notes_conversation_id')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_case_notes_handoff_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_case_notes')),
    sa.UniqueConstraint('handoff_id', 'key', name=op.f('uq_case_notes_handoff_id_key'))
    )
    op.create_index('ix_case_notes_borrower_id', 'case_notes', ['borrower_id'], unique=False)
    op.create_index('ix_case_notes_conversation_id', 'case_notes', ['conversation_id'], unique=False)
    op.create_table('drafts',
    sa.Column('handoff_id', sa.Integer(), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('kind', sa.String(length=8), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('saved_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_drafts_agent_id')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_drafts_handoff_id')),
    sa.PrimaryKeyConstraint('handoff_id', 'agent_id', 'kind', name=op.f('pk_drafts'))
    )
    op.create_table('handoff_colleagues',
    sa.Column('handoff_id', sa.Integer(), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('added_by', sa.Integer(), nullable=False),
    sa.Column('added_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['added_by'], ['agents.id'], name=op.f('fk_handoff_colleagues_added_by')),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_handoff_colleagues_agent_id')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_handoff_colleagues_handoff_id')),
    sa.PrimaryKeyConstraint('handoff_id', 'agent_id', name=op.f('pk_handoff_colleagues'))
    )
    op.create_index('ix_handoff_colleagues_agent_id', 'handoff_colleagues', ['agent_id'], unique=False)
    op.create_table('handoff_loans',
    sa.Column('handoff_id', sa.Integer(), nullable=False),
    sa.Column('loan_id', sa.Integer(), nullable=False),
    sa.Column('linked_by', sa.Integer(), nullable=False),
    sa.Column('linked_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_handoff_loans_handoff_id')),
    sa.ForeignKeyConstraint(['linked_by'], ['agents.id'], name=op.f('fk_handoff_loans_linked_by')),
    sa.ForeignKeyConstraint(['loan_id'], ['loans.id'], name=op.f('fk_handoff_loans_loan_id')),
    sa.PrimaryKeyConstraint('handoff_id', 'loan_id', name=op.f('pk_handoff_loans'))
    )
    op.create_table('quality_reviews',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('handoff_id', sa.Integer(), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('reviewer_id', sa.Integer(), nullable=False),
    sa.Column('checklist', sa.String(length=80), nullable=False),
    sa.Column('marks', sa.JSON(), nullable=False),
    sa.Column('percent', sa.Integer(), nullable=True),
    sa.Column('failed', sa.Boolean(), nullable=False),
    sa.Column('note', sa.Text(), nullable=False),
    sa.Column('reviewed_at', Instant(), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_quality_reviews_agent_id')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_quality_reviews_handoff_id')),
    sa.ForeignKeyConstraint(['reviewer_id'], ['agents.id'], name=op.f('fk_quality_reviews_reviewer_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_quality_reviews')),
    sa.UniqueConstraint('handoff_id', 'reviewer_id', name=op.f('uq_quality_reviews_handoff_id_reviewer_id'))
    )
    op.create_index('ix_quality_reviews_agent_id', 'quality_reviews', ['agent_id'], unique=False)
    op.create_table('watchers',
    sa.Column('handoff_id', sa.Integer(), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('seen_at', Instant(), nullable=False),
    sa.Column('typing_at', Instant(), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_watchers_agent_id')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_watchers_handoff_id')),
    sa.PrimaryKeyConstraint('handoff_id', 'agent_id', name=op.f('pk_watchers'))
    )
    op.create_table('paid_marks',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('handoff_id', sa.Integer(), nullable=False),
    sa.Column('loan_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('amount_minor', sa.BigInteger(), nullable=False),
    sa.Column('paid_on', sa.Date(), nullable=False),
    sa.Column('evidence_id', sa.Integer(), nullable=True),
    sa.Column('reference', sa.Text(), nullable=True),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('needs_two', sa.Boolean(), nullable=False),
    sa.Column('marked_by', sa.Integer(), nullable=False),
    sa.Column('decided_by', sa.Integer(), nullable=True),
    sa.Column('reason', sa.Text(), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('decided_at', Instant(), nullable=True),
    sa.ForeignKeyConstraint(['decided_by'], ['agents.id'], name=op.f('fk_paid_marks_decided_by')),
    sa.ForeignKeyConstraint(['evidence_id'], ['messages.id'], name=op.f('fk_paid_marks_evidence_id')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_paid_marks_handoff_id')),
    sa.ForeignKeyConstraint(['loan_id'], ['loans.id'], name=op.f('fk_paid_marks_loan_id')),
    sa.ForeignKeyConstraint(['marked_by'], ['agents.id'], name=op.f('fk_paid_marks_marked_by')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_paid_marks')),
    sa.UniqueConstraint('handoff_id', 'key', name=op.f('uq_paid_marks_handoff_id_key'))
    )
    op.create_index('ix_paid_marks_loan_id', 'paid_marks', ['loan_id'], unique=False)
    op.create_index('uq_paid_marks_waiting', 'paid_marks', ['loan_id'], unique=True, sqlite_where=sa.text("state = 'waiting'"), postgresql_where=sa.text("state = 'waiting'"))
    op.create_table('scheduled_messages',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('handoff_id', sa.Integer(), nullable=False),
    sa.Column('conversation_id', sa.String(length=36), nullable=False),
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('key', sa.String(length=80), nullable=False),
    sa.Column('text', sa.Text(), nullable=False),
    sa.Column('state', sa.String(length=10), nullable=False),
    sa.Column('wanted_at', Instant(), nullable=False),
    sa.Column('send_at', Instant(), nullable=False),
    sa.Column('reason', sa.String(length=300), nullable=True),
    sa.Column('message_id', sa.Integer(), nullable=True),
    sa.Column('created_at', Instant(), nullable=False),
    sa.Column('done_at', Instant(), nullable=True),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_scheduled_messages_agent_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_scheduled_messages_conversation_id')),
    sa.ForeignKeyConstraint(['handoff_id'], ['handoffs.id'], name=op.f('fk_scheduled_messages_handoff_id')),
    sa.ForeignKeyConstraint(['message_id'], ['messages.id'], name=op.f('fk_scheduled_messages_message_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_scheduled_messages')),
    sa.UniqueConstraint('handoff_id', 'key', name=op.f('uq_scheduled_messages_handoff_id_key'))
    )
    op.create_index('ix_scheduled_messages_conversation_id', 'scheduled_messages', ['conversation_id'], unique=False)
    op.create_index('ix_scheduled_messages_due', 'scheduled_messages', ['state', 'send_at'], unique=False)
    with op.batch_alter_table('agents') as batch_op:
        batch_op.add_column(sa.Column('languages', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('capacity', sa.Integer(), nullable=True))
        batch_op.add_column(sa.Column('presence', sa.String(length=8), server_default='away', nullable=False))
        batch_op.add_column(sa.Column('seen_at', Instant(), nullable=True))
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.add_column(sa.Column('human_since', Instant(), nullable=True))
    with op.batch_alter_table('handoffs') as batch_op:
        batch_op.add_column(sa.Column('team', sa.String(length=32), server_default='', nullable=False))
        batch_op.add_column(sa.Column('level', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('waiting_since', Instant(), nullable=True))
        batch_op.add_column(sa.Column('respond_by', Instant(), nullable=True))
        batch_op.add_column(sa.Column('callback_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('first_reply_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('warned_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('snoozed_until', Instant(), nullable=True))
        batch_op.add_column(sa.Column('alerts', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('alerted_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('paged_at', Instant(), nullable=True))
        batch_op.create_index('ix_handoffs_agent', ['agent_id', 'state'], unique=False)
        batch_op.create_index('ix_handoffs_team', ['team', 'claimed_at'], unique=False)
    op.execute('UPDATE handoffs SET waiting_since = opened_at')
    with op.batch_alter_table('handoffs') as batch_op:
        batch_op.alter_column('waiting_since', existing_type=Instant(), nullable=False)
    op.drop_index('uq_handoffs_open', 'handoffs')
    _only_one_open("state in ('waiting', 'claimed', 'snoozed')")


def downgrade() -> None:
    op.execute("UPDATE handoffs SET state = 'claimed' WHERE state = 'snoozed'")
    op.drop_index('uq_handoffs_open', 'handoffs')
    _only_one_open("state in ('waiting', 'claimed')")
    with op.batch_alter_table('handoffs') as batch_op:
        batch_op.drop_index('ix_handoffs_team')
        batch_op.drop_index('ix_handoffs_agent')
        batch_op.drop_column('paged_at')
        batch_op.drop_column('alerted_at')
        batch_op.drop_column('alerts')
        batch_op.drop_column('snoozed_until')
        batch_op.drop_column('warned_at')
        batch_op.drop_column('first_reply_at')
        batch_op.drop_column('callback_at')
        batch_op.drop_column('respond_by')
        batch_op.drop_column('waiting_since')
        batch_op.drop_column('level')
        batch_op.drop_column('team')
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.drop_column('human_since')
    with op.batch_alter_table('agents') as batch_op:
        batch_op.drop_column('seen_at')
        batch_op.drop_column('presence')
        batch_op.drop_column('capacity')
        batch_op.drop_column('languages')
    op.drop_index('ix_scheduled_messages_due', 'scheduled_messages')
    op.drop_index('ix_scheduled_messages_conversation_id', 'scheduled_messages')
    op.drop_table('scheduled_messages')
    op.drop_index('uq_paid_marks_waiting', 'paid_marks')
    op.drop_index('ix_paid_marks_loan_id', 'paid_marks')
    op.drop_table('paid_marks')
    op.drop_table('watchers')
    op.drop_index('ix_quality_reviews_agent_id', 'quality_reviews')
    op.drop_table('quality_reviews')
    op.drop_table('handoff_loans')
    op.drop_index('ix_handoff_colleagues_agent_id', 'handoff_colleagues')
    op.drop_table('handoff_colleagues')
    op.drop_table('drafts')
    op.drop_index('ix_case_notes_conversation_id', 'case_notes')
    op.drop_index('ix_case_notes_borrower_id', 'case_notes')
    op.drop_table('case_notes')
    op.drop_table('saved_views')
    op.drop_table('agent_teams')


def _only_one_open(states: str) -> None:
    where = sa.text(states)
    op.create_index(
        'uq_handoffs_open', 'handoffs', ['conversation_id'], unique=True, sqlite_where=where, postgresql_where=where
    )
