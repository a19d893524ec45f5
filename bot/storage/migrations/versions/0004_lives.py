"""The lives of plans, promises and payments: what was missed, when to look again, what was taken back"""

import sqlalchemy as sa
from alembic import op

from bot.storage.db import Instant

revision = '0004'
down_revision = '0003'
branch_labels = None
depends_on = None

_AGREED = "(step LIKE 'plan:%' OR step LIKE 'promise:%' OR step LIKE 'missed:%')"


def upgrade() -> None:
    with op.batch_alter_table('payments') as batch_op:
        batch_op.add_column(sa.Column('returned_at', Instant(), nullable=True))
        batch_op.add_column(sa.Column('return_ref', sa.String(length=64), nullable=True))
        batch_op.create_unique_constraint(batch_op.f('uq_payments_return_ref'), ['return_ref'])
    with op.batch_alter_table('promises') as batch_op:
        batch_op.add_column(sa.Column('review_on', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('paid_minor', sa.BigInteger(), server_default='0', nullable=False))
    with op.batch_alter_table('offers') as batch_op:
        batch_op.add_column(sa.Column('waived_minor', sa.BigInteger(), server_default='0', nullable=False))
    with op.batch_alter_table('plans') as batch_op:
        batch_op.add_column(sa.Column('after_payment', sa.Integer(), server_default='0', nullable=False))
        batch_op.add_column(sa.Column('missed', sa.JSON(), server_default='[]', nullable=False))
        batch_op.add_column(sa.Column('since', sa.Date(), nullable=True))
        batch_op.add_column(sa.Column('review_on', sa.Date(), nullable=True))
    # What was recorded before a plan was agreed was part of the balance that it is about.
    op.execute(
        "UPDATE plans SET after_payment = coalesce((SELECT max(payments.id) FROM payments"
        " WHERE payments.loan_id = plans.loan_id AND payments.recorded_at < plans.agreed_at), 0)"
    )
    # Such reminders no longer belong to a cycle of the loan; the first of a name stands for all.
    op.execute(
        f"UPDATE nudges SET cycle = 0 WHERE {_AGREED} AND id IN"
        f" (SELECT min(id) FROM nudges WHERE {_AGREED} GROUP BY loan_id, step)"  # nosec B608: a constant
    )


def downgrade() -> None:
    with op.batch_alter_table('plans') as batch_op:
        batch_op.drop_column('review_on')
        batch_op.drop_column('since')
        batch_op.drop_column('missed')
        batch_op.drop_column('after_payment')
    with op.batch_alter_table('offers') as batch_op:
        batch_op.drop_column('waived_minor')
    with op.batch_alter_table('promises') as batch_op:
        batch_op.drop_column('paid_minor')
        batch_op.drop_column('review_on')
    with op.batch_alter_table('payments') as batch_op:
        batch_op.drop_constraint(batch_op.f('uq_payments_return_ref'), type_='unique')
        batch_op.drop_column('return_ref')
        batch_op.drop_column('returned_at')
