"""Turns that are asked again: what they have done is found, and how often they failed is counted"""

import sqlalchemy as sa
from alembic import op

revision = '0002'
down_revision = '0001'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.add_column(sa.Column('misunderstood_turn', sa.String(length=64), nullable=True))
    with op.batch_alter_table('messages') as batch_op:
        batch_op.add_column(sa.Column('tries', sa.Integer(), server_default='0', nullable=False))
    with op.batch_alter_table('audit_events') as batch_op:
        batch_op.create_index('ix_audit_events_cause', ['cause'], unique=False)


def downgrade() -> None:
    with op.batch_alter_table('audit_events') as batch_op:
        batch_op.drop_index('ix_audit_events_cause')
    with op.batch_alter_table('messages') as batch_op:
        batch_op.drop_column('tries')
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.drop_column('misunderstood_turn')
