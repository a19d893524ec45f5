"""Where a borrower lives and wants to be reached, what a tier rests on, and which wording was sent"""

import sqlalchemy as sa
from alembic import op

from bot.storage.db import Instant

revision = '0008'
down_revision = '0003'
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table('borrowers') as batch_op:
        batch_op.add_column(sa.Column('country', sa.String(length=2), nullable=True))
        batch_op.add_column(sa.Column('wish', sa.JSON(), nullable=True))
    with op.batch_alter_table('loans') as batch_op:
        batch_op.add_column(sa.Column('grade', sa.String(length=8), nullable=True))
        batch_op.add_column(sa.Column('tier', sa.String(length=16), nullable=True))
        batch_op.add_column(sa.Column('good_record', sa.Boolean(), server_default='0', nullable=False))
    with op.batch_alter_table('holds') as batch_op:
        batch_op.add_column(sa.Column('since', Instant(), nullable=True))
        batch_op.add_column(sa.Column('reason', sa.String(length=200), nullable=True))
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.add_column(sa.Column('collector_told', sa.Boolean(), server_default='0', nullable=False))
    with op.batch_alter_table('messages') as batch_op:
        batch_op.add_column(sa.Column('variation', sa.String(length=16), nullable=True))
    if op.get_bind().dialect.name != 'sqlite':  # There a length binds nothing.
        op.alter_column('messages', 'pack_version', existing_type=sa.String(length=40), type_=sa.String(length=80))


def downgrade() -> None:
    if op.get_bind().dialect.name != 'sqlite':
        op.alter_column('messages', 'pack_version', existing_type=sa.String(length=80), type_=sa.String(length=40))
    with op.batch_alter_table('messages') as batch_op:
        batch_op.drop_column('variation')
    with op.batch_alter_table('conversations') as batch_op:
        batch_op.drop_column('collector_told')
    with op.batch_alter_table('holds') as batch_op:
        batch_op.drop_column('reason')
        batch_op.drop_column('since')
    with op.batch_alter_table('loans') as batch_op:
        batch_op.drop_column('good_record')
        batch_op.drop_column('tier')
        batch_op.drop_column('grade')
    with op.batch_alter_table('borrowers') as batch_op:
        batch_op.drop_column('wish')
        batch_op.drop_column('country')
