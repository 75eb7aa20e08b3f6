"""Logins at a domain controller: by search and by user principal name, with the reasons that it gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.config.identity import DirectoryConfig
from gateway.identity.directories.port import DirectoryDown, Verdict
from tests.ad_tree import DISABLED, NORMAL
from tests.certificates import Authority
from tests.fake_ad import FakeAd, Policy, in_days
from tests.gateway.identity.directories.conftest import Open

SERVICE, SECRET = "svc-library", "service-secret"


@pytest.fixture
def ad(tmp_path: Path) -> Iterator[FakeAd]:
    authority = Authority.create(tmp_path)
    certificate, key = authority.issue("localhost", addresses=("127.0.0.1",))
    policy = Policy(require_encryption=True)
    with FakeAd(certificate=str(certificate), key=str(key), policy=policy) as server:
        server.add_user(SERVICE, SECRET)
        server.add_user("jane", "right", employeeID="1001", mail="jane@uni.example")
        yield server


def campus(ad: FakeAd, folder: Path, **changed: Any) -> DirectoryConfig:
    document = {
        "servers": [f"ldaps://localhost:{ad.tls_port}"],
        "profile": "active-directory",
        "ca": folder / "authority.pem",
        "bind_dn": f"{SERVICE}@uni.example",
        "bind_password": SECRET,
        "base": ad.base,
        "login_filter": "(&(objectCategory=person)(sAMAccountName={login}))",
        "attributes": ["mail"],
    }
    return DirectoryConfig.model_validate({**document, **changed})


BY_UPN = {"bind_as": "upn", "upn_suffix": "uni.example"}


@pytest.mark.parametrize("how", [{}, BY_UPN])
async def test_a_right_password(ad: FakeAd, directory: Open, tmp_path: Path, how: dict[str, str]) -> None:
    login = await directory(campus(ad, tmp_path, **how)).authenticate("jane", "right", deadline=5)
    assert login.verdict is Verdict.RIGHT
    assert login.dn == "CN=jane,CN=Users,DC=uni,DC=example"
    assert login.attributes["mail"] == ["jane@uni.example"]


async def test_and_over_starttls(ad: FakeAd, directory: Open, tmp_path: Path) -> None:
    config = campus(ad, tmp_path, servers=[f"ldap://localhost:{ad.port}"], security="starttls")
    assert (await directory(config).authenticate("jane", "right", deadline=5)).verdict is Verdict.RIGHT


async def test_nothing_is_sent_where_starttls_is_refused(ad: FakeAd, directory: Open, tmp_path: Path) -> None:
    with FakeAd() as plain:
        plain.add_user(SERVICE, SECRET)
        config = campus(ad, tmp_path, servers=[f"ldap://localhost:{plain.port}"], security="starttls")
        with pytest.raises(DirectoryDown, match="does not start TLS") as down:
            await directory(config).authenticate("jane", "right", deadline=5)
        assert down.value.step == "tls"
        assert plain.seen.binds == []


async def test_the_stable_key_is_shown_as_people_write_it(ad: FakeAd, directory: Open, tmp_path: Path) -> None:
    explained = await directory(campus(ad, tmp_path)).explain("jane", None, deadline=5)
    key = explained.attributes["objectguid"][0]
    assert [len(part) for part in key.split("-")] == [8, 4, 4, 4, 12]
    assert explained.attributes["employeeid"] == ["1001"]


@pytest.mark.parametrize("how", [{}, BY_UPN])
async def test_reasons(ad: FakeAd, directory: Open, tmp_path: Path, how: dict[str, str]) -> None:
    ad.add_user("disabled", "right", control=NORMAL | DISABLED)
    ad.add_user("expired", "right", accountExpires=in_days(-1))
    ad.add_user("fresh", "right", pwdLastSet=0)
    ad.add_user("old", "right").password_expired = True
    ad.add_user("asleep", "right").outside_hours = True
    ad.add_user("elsewhere", "right").other_workstation = True
    one = directory(campus(ad, tmp_path, **how))
    found = {
        login: (await one.authenticate(login, "right", deadline=5)).verdict
        for login in ("disabled", "expired", "fresh", "old", "asleep", "elsewhere", "nobody")
    }
    assert found == {
        "disabled": Verdict.DISABLED,
        "expired": Verdict.EXPIRED,
        "fresh": Verdict.EXPIRED_PASSWORD,
        "old": Verdict.EXPIRED_PASSWORD,
        "asleep": Verdict.NOT_NOW,
        "elsewhere": Verdict.NOT_NOW,
        "nobody": Verdict.UNKNOWN,
    }
    assert (await one.authenticate("disabled", "wrong", deadline=5)).verdict is Verdict.WRONG


async def test_one_bind_as_the_person_for_each_attempt(ad: FakeAd, directory: Open, tmp_path: Path) -> None:
    one = directory(campus(ad, tmp_path))
    dn = "CN=jane,CN=Users,DC=uni,DC=example"
    for _ in range(5):
        assert (await one.authenticate("jane", "wrong", deadline=5)).verdict is Verdict.WRONG
    assert (await one.authenticate("jane", "right", deadline=5)).verdict is Verdict.LOCKED
    assert [name for name, _ in ad.seen.binds if name == dn] == [dn] * 6


async def test_a_comma_in_a_name(ad: FakeAd, directory: Open, tmp_path: Path) -> None:
    ad.add_user("smithj", "right", name="Smith, Jane", parent=ad.add_unit("Staff"))
    found = await directory(campus(ad, tmp_path)).authenticate("smithj", "right", deadline=5)
    assert found.verdict is Verdict.RIGHT
    assert found.dn.startswith("CN=Smith\\, Jane,OU=Staff")


async def test_a_login_cannot_choose_another_domain(ad: FakeAd, directory: Open, tmp_path: Path) -> None:
    one = directory(campus(ad, tmp_path, **BY_UPN))
    for login in ("jane@uni.example", "UNI\\jane", "jane@elsewhere.example"):
        assert (await one.authenticate(login, "right", deadline=5)).verdict is Verdict.UNKNOWN
    assert ad.seen.binds == []


async def test_a_server_that_is_busy_or_talks_nonsense_is_down(ad: FakeAd, directory: Open, tmp_path: Path) -> None:
    one = directory(campus(ad, tmp_path))
    ad.faults.busy = True
    with pytest.raises(DirectoryDown, match="51 busy"):
        await one.authenticate("jane", "right", deadline=5)
    ad.faults.busy, ad.faults.garbage = False, True
    with pytest.raises(DirectoryDown):
        await one.authenticate("jane", "right", deadline=5)
    assert (await one.authenticate("jane", "right", deadline=5)).verdict is Verdict.RIGHT


async def test_a_clear_bind_that_the_domain_does_not_take(ad: FakeAd, directory: Open, tmp_path: Path) -> None:
    config = campus(ad, tmp_path, servers=[f"ldap://127.0.0.1:{ad.port}"], security="none", ca=None)
    with pytest.raises(DirectoryDown, match="8 strongerAuthRequired") as down:
        await directory(config).authenticate("jane", "right", deadline=5)
    assert down.value.step == "bind"
