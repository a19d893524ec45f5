"""When a borrower, or the words of a message, were erased"""

import sqlalchemy as sa
from alembic import op

from bot.storage.db import Instant

revision = '0014'
down_revision = '0013'
branch_labels = None
depends_on = None


def upgrade() -> None:
    for table in ('borrowers', 'messages'):
        with op.batch_alter_table(table) as batch_op:
            batch_op.add_column(sa.Column('erased_at', Instant(), nullable=True))


def downgrade() -> None:
    for table in ('messages', 'borrowers'):
        with op.batch_alter_table(table) as batch_op:
            batch_op.drop_column('erased_at')
