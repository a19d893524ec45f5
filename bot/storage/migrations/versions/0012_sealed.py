"""Room for what is sealed at rest"""

import sqlalchemy as sa
from alembic import op

revision = '0012'
down_revision = '0011'
branch_labels = None
depends_on = None

_COLUMNS = (
    ('borrowers', 'name', 'varchar(120)'),
    ('borrowers', 'phone', 'varchar(32)'),
    ('borrowers', 'birth_date', 'date'),
    ('borrowers', 'id_last4', 'varchar(4)'),
    ('addresses', 'address', 'varchar(255)'),
    ('conversations', 'address', 'varchar(255)'),
    ('messages', 'payload', 'json'),
    ('messages', 'buttons', 'json'),
    ('holds', 'reason', 'varchar(200)'),
    ('hardships', 'reason', 'varchar(24)'),
)


def upgrade() -> None:
    # On SQLite every column takes any text already.
    if op.get_bind().dialect.name != 'sqlite':
        for table, column, _ in _COLUMNS:
            op.execute(sa.text(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE text USING {column}::text'))


def downgrade() -> None:
    if op.get_bind().dialect.name != 'sqlite':
        for table, column, before in _COLUMNS:
            op.execute(sa.text(f'ALTER TABLE {table} ALTER COLUMN {column} TYPE {before} USING {column}::{before}'))
