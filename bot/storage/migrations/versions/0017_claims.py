"""Which claim took a message for its channel"""

import sqlalchemy as sa
from alembic import op

revision = '0017'
down_revision = '0016'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column('messages', sa.Column('claim', sa.String(32), nullable=True))


def downgrade() -> None:
    op.drop_column('messages', 'claim')
