"""Each agent's keys"""

import sqlalchemy as sa
from alembic import op

revision = '0010'
down_revision = '0009'
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table('shortcuts',
    sa.Column('agent_id', sa.Integer(), nullable=False),
    sa.Column('keys', sa.JSON(), nullable=False),
    sa.Column('bare', sa.Boolean(), nullable=False),
    sa.ForeignKeyConstraint(['agent_id'], ['agents.id'], name=op.f('fk_shortcuts_agent_id')),
    sa.PrimaryKeyConstraint('agent_id', name=op.f('pk_shortcuts'))
    )


def downgrade() -> None:
    op.drop_table('shortcuts')
