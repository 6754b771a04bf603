"""The MariaDB program: what its variables make, and what it keeps."""

from __future__ import annotations

import pytest

from gonogo_services.batch.mariadb import Accounts
from gonogo_services.errors import SettingsError


def test_the_variables_of_the_images_say_the_accounts() -> None:
    """Also under the names of the image mariadb."""
    said = {"ROOT_PASSWORD": "r", "DATABASE": "rows", "USER": "batch", "PASSWORD": "p"}
    for prefix in ("MYSQL_", "MARIADB_"):
        given = {f"{prefix}{name}": value for name, value in said.items()}
        assert Accounts.read(given) == Accounts("r", "rows", "batch", "p")


def test_quotation_marks_stay_in_passwords() -> None:
    """A password is data, and no part of a statement."""
    lines = Accounts("it's\\", "rows", "batch", "x'; DROP DATABASE rows; --").statements()
    assert "CREATE USER IF NOT EXISTS 'root'@'%' IDENTIFIED BY 'it''s\\\\';" in lines
    assert "CREATE USER IF NOT EXISTS 'batch'@'%' IDENTIFIED BY 'x''; DROP DATABASE rows; --';" in lines


@pytest.mark.parametrize(
    "given",
    [
        {},
        {"MYSQL_ROOT_PASSWORD": "r", "MYSQL_USER": "batch"},
        {"MYSQL_ROOT_PASSWORD": "r", "MYSQL_USER": "root", "MYSQL_PASSWORD": "p"},
        {"MYSQL_ROOT_PASSWORD": "r", "MYSQL_DATABASE": "a`b"},
        {"MYSQL_ROOT_PASSWORD": "r\nDROP"},
    ],
)
def test_what_cannot_be_made_is_refused(given: dict[str, str]) -> None:
    """No password of root, a user without one, root a second time, a name or a password that is none."""
    with pytest.raises(SettingsError):
        Accounts.read(given)
