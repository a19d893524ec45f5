"""What borrowers told of a hardship, with their consent"""

import sqlalchemy as sa
from alembic import op

from bot.storage.db import Instant

revision = '0006'
down_revision = '0005'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('hardships',
    sa.Column('id', sa.Integer(), nullable=False),
    sa.Column('borrower_id', sa.Integer(), nullable=False),
    sa.Column('conversation_id', sa.String(length=36), nullable=False),
    sa.Column('consent', sa.Boolean(), nullable=False),
    sa.Column('turn', sa.String(length=64), nullable=False),
    sa.Column('reason', sa.String(length=24), nullable=True),
    sa.Column('lasts_days', sa.Integer(), nullable=True),
    sa.Column('ability_minor', sa.BigInteger(), nullable=True),
    sa.Column('currency', sa.String(length=3), nullable=True),
    sa.Column('payday', sa.Integer(), nullable=True),
    sa.Column('evidence', sa.JSON(), nullable=False),
    sa.Column('review_on', sa.Date(), nullable=False),
    sa.Column('told_at', Instant(), nullable=False),
    sa.Column('forgotten_at', Instant(), nullable=True),
    sa.ForeignKeyConstraint(['borrower_id'], ['borrowers.id'], name=op.f('fk_hardships_borrower_id')),
    sa.ForeignKeyConstraint(['conversation_id'], ['conversations.id'], name=op.f('fk_hardships_conversation_id')),
    sa.PrimaryKeyConstraint('id', name=op.f('pk_hardships')),
    sa.UniqueConstraint('turn', name=op.f('uq_hardships_turn'))
    )
    with op.batch_alter_table('hardships') as batch_op:
        batch_op.create_index(op.f('ix_hardships_borrower_id'), ['borrower_id'], unique=False)


def downgrade() -> None:
    op.drop_table('hardships')
