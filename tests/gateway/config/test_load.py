"""Reading configuration files: includes, secrets, and problems that name file, key and remedy."""

from __future__ import annotations

from pathlib import Path

import pytest

from gateway.canonical.vocabulary import ForeignItems, Permission
from gateway.config import Config, ConfigError, load

PEPPER = 'pepper = "sixteen characters or more"\n'
ABER = '[members.aber]\nname = "Aberystwyth University"\nmain_location = "ABER"\n'
KIOSK = '[members.aber.terminals.k1]\npassword_hash = "$argon2id$x"\n'


def write(folder: Path, text: str, **more: str) -> Path:
    """`gateway.toml` with `text`, and further files below it by name with `__` for `/`."""
    for name, content in more.items():
        file = folder / (name.replace("__", "/") + ".toml")
        file.parent.mkdir(exist_ok=True)
        file.write_text(content, encoding="utf-8")
    file = folder / "gateway.toml"
    file.write_text(text, encoding="utf-8")
    return file


def problems(path: Path, environ: dict[str, str] | None = None) -> list[tuple[str, str, str, str]]:
    with pytest.raises(ConfigError) as caught:
        load(path, environ or {})
    return [(Path(p.file).name, p.key, p.message, p.hint) for p in caught.value.problems]


def test_names_of_tables_become_codes_and_logins(tmp_path: Path) -> None:
    config = load(write(tmp_path, PEPPER + ABER + KIOSK))
    member = config.members["aber"]
    assert (member.code, member.terminals["k1"].login) == ("aber", "k1")
    assert Permission.OFFLINE not in member.terminals["k1"].permissions
    assert member.policies.foreign_items is ForeignItems.UNKNOWN


def test_included_files_are_read_as_if_they_stood_there(tmp_path: Path) -> None:
    config = load(
        write(
            tmp_path,
            'include = ["members/*.toml"]\n' + PEPPER,
            members__aber=ABER,
            members__bangor=ABER.replace("aber", "bangor"),
        )
    )
    assert sorted(config.members) == ["aber", "bangor"]


def test_relative_paths_lie_beside_the_first_file(tmp_path: Path) -> None:
    tls = '[tls]\ncertificate = "c.pem"\nkey = "/elsewhere/k.pem"\n[tls.names."a.example"]\ncertificate="a"\nkey="b"\n'
    config = load(write(tmp_path, PEPPER + tls))
    assert config.data_dir == tmp_path / "data"
    assert (config.tls.certificate, config.tls.key) == (tmp_path / "c.pem", Path("/elsewhere/k.pem"))
    assert config.tls.names["a.example"].key == tmp_path / "b"
    assert config.store_url == f"sqlite:///{tmp_path / 'data' / 'gateway.sqlite3'}"


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("sqlite:////var/lib/g.db", "sqlite:////var/lib/g.db"),
        ("sqlite:///:memory:", "sqlite:///:memory:"),
        ("postgresql://u@h1,h2/gateway", "postgresql://u@h1,h2/gateway"),
    ],
)
def test_store_urls_that_say_where(tmp_path: Path, url: str, expected: str) -> None:
    assert load(write(tmp_path, PEPPER + f'[store]\nurl = "{url}"\n')).store_url == expected


def test_secrets_come_from_the_environment_and_from_files(tmp_path: Path) -> None:
    (tmp_path / "secret").mkdir()
    (tmp_path / "secret" / "hash").write_text("$argon2id$from-file\n", encoding="utf-8")
    path = write(
        tmp_path,
        'include = ["members/aber.toml"]\npepper = "${PEPPER}${SALT}, and $${NOT} a variable"\n'
        '[listeners.sip2]\nprotocol = "sip2"\nport = "${PORT}"\n',
        members__aber=ABER + '[members.aber.terminals.k1]\npassword_hash = { file = "../secret/hash" }\n',
    )
    config = load(path, {"PEPPER": "aaaaaaaa", "SALT": "bbbbbbbb", "PORT": "6001"})
    assert config.pepper.get_secret_value() == "aaaaaaaabbbbbbbb, and ${NOT} a variable"
    assert config.listeners["sip2"].port == 6001
    hashed = config.members["aber"].terminals["k1"].password_hash
    assert hashed is not None
    assert hashed.get_secret_value() == "$argon2id$from-file"


def test_secrets_do_not_show_in_the_object(tmp_path: Path) -> None:
    assert "sixteen" not in repr(load(write(tmp_path, PEPPER)))


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", [("gateway.toml", "pepper", "is missing", "")]),
        (
            'pepper = "short"',
            [("gateway.toml", "pepper", "has 5 characters, and needs at least 16", "")],
        ),
        (PEPPER + "limts = 1", [("gateway.toml", "limts", "there is no such setting", "did you mean 'limits'?")]),
        (
            PEPPER + "[limits]\nmax_lnks = 1",
            [("gateway.toml", "limits.max_lnks", "there is no such setting", "did you mean 'max_links'?")],
        ),
        (
            PEPPER + ABER + KIOSK + "pin_requird = []",
            [
                (
                    "gateway.toml",
                    "members.aber.terminals.k1.pin_requird",
                    "there is no such setting",
                    "did you mean 'pin_required'?",
                )
            ],
        ),
        (
            PEPPER + ABER + '[[members.aber.api_keys]]\nname = "a"\nsha = "b"\nsha256 = "' + "0" * 64 + '"',
            [
                (
                    "gateway.toml",
                    "members.aber.api_keys.0.sha",
                    "there is no such setting",
                    "did you mean 'sha256'?",
                )
            ],
        ),
        (PEPPER + "zzz = 1", [("gateway.toml", "zzz", "there is no such setting", "")]),
        (
            PEPPER + ABER + 'timezone = "Europe/Cardif"',
            [("gateway.toml", "members.aber.timezone", "'Europe/Cardif' is no time zone of the IANA list", "")],
        ),
        (
            PEPPER + '[listeners.a]\nprotocol = "sip2"\nport = 6001\nmember = "bangor"',
            [("gateway.toml", "listeners.a.member", "there is no member 'bangor'", "")],
        ),
        (
            PEPPER + '[tls]\nkey = "k"',
            [("gateway.toml", "tls", "`certificate` and `key` belong together", "")],
        ),
        (
            PEPPER + ABER + "[members.aber.terminals.k1]",
            [
                (
                    "gateway.toml",
                    "members.aber.terminals.k1",
                    "nothing says who it is: give it a password_hash, a client_certificate or networks",
                    "",
                )
            ],
        ),
        (
            PEPPER + ABER + '[members.aber.ncip.peers.b]\nagency_ids = ["B"]\nsecret_hash = "the secret itself"',
            [
                (
                    "gateway.toml",
                    "members.aber.ncip.peers.b.secret_hash",
                    "is no Argon2id hash, and no secret would ever fit it",
                    "",
                )
            ],
        ),
        (
            PEPPER + '[store]\nurl = "${NOWHERE}"',
            [
                (
                    "gateway.toml",
                    "store.url",
                    "the environment has no variable NOWHERE",
                    "set NOWHERE before starting",
                )
            ],
        ),
        ('pepper = { file = "nowhere" }', None),
        ("pepper = ", None),
        ('include = ["nowhere.toml"]\n' + PEPPER, [("gateway.toml", "include", "there is no file 'nowhere.toml'", "")]),
    ],
)
def test_problems_name_file_key_and_remedy(
    tmp_path: Path, text: str, expected: list[tuple[str, str, str, str]] | None
) -> None:
    found = problems(write(tmp_path, text))
    if expected is None:
        assert len(found) == 1
        assert found[0][0] == "gateway.toml"
    else:
        assert found == expected


def test_all_problems_are_told_at_once_each_in_its_file(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        'include = ["members/*.toml"]\nlimts = 1\n' + PEPPER,
        members__aber=ABER + 'currency = "pounds"\n',
        members__bangor=ABER.replace("aber", "bangor") + "colour = 1\n",
    )
    assert [(file, key) for file, key, _, _ in problems(path)] == [
        ("aber.toml", "members.aber.currency"),
        ("bangor.toml", "members.bangor.colour"),
        ("gateway.toml", "limts"),
    ]


def test_a_setting_stands_in_one_place(tmp_path: Path) -> None:
    path = write(tmp_path, 'include = ["more.toml"]\n' + PEPPER + ABER, more=ABER)
    found = problems(path)
    assert {(file, key) for file, key, _, _ in found} == {
        ("more.toml", "members.aber.name"),
        ("more.toml", "members.aber.main_location"),
    }


def test_only_the_first_file_includes(tmp_path: Path) -> None:
    path = write(tmp_path, 'include = ["more.toml"]\n' + PEPPER, more='include = ["gateway.toml"]\n')
    assert [(file, key) for file, key, _, _ in problems(path)] == [("more.toml", "include")]


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    assert problems(tmp_path / "gateway.toml") == [("gateway.toml", "", "No such file or directory", "")]


SHARED = [
    ('institution_ids = ["ONE"]', 'institution_ids = ["one"]', "institution_ids"),
    ('tls_names = ["a.example"]', 'tls_names = ["A.example"]', "tls_names"),
]


@pytest.mark.parametrize(("here", "there", "key"), SHARED)
def test_a_name_says_who_is_speaking_of_one_member_only(tmp_path: Path, here: str, there: str, key: str) -> None:
    found = problems(write(tmp_path, PEPPER + ABER + here + "\n" + ABER.replace("aber", "bangor") + there))
    assert [k for _, k, _, _ in found] == [f"members.bangor.{key}"]


def test_a_login_and_a_key_are_unique_in_the_consortium(tmp_path: Path) -> None:
    key = '[[members.aber.api_keys]]\nname = "a"\nsha256 = "' + "0" * 64 + '"\n'
    both = ABER + KIOSK + key
    found = problems(write(tmp_path, PEPPER + both + both.replace("aber", "bangor")))
    assert [k for _, k, _, _ in found] == ["members.bangor.terminals.k1", "members.bangor.api_keys.0.sha256"]


def test_two_listeners_do_not_share_a_port() -> None:
    listener = {"protocol": "sip2", "port": 6001}
    with pytest.raises(ValueError, match=r"6001 is taken by listeners\.a"):
        Config.model_validate({"pepper": "x" * 16, "listeners": {"a": listener, "b": listener}})
    free = {"protocol": "sip2", "port": 0}
    Config.model_validate({"pepper": "x" * 16, "listeners": {"a": free, "b": free}})


def test_keys_for_other_purposes_differ_and_do_not_contain_the_pepper(tmp_path: Path) -> None:
    config = load(write(tmp_path, PEPPER))
    keys = {config.derive_key("cursors"), config.derive_key("tags")}
    assert len(keys) == 2
    assert config.derive_key("cursors") in keys
    assert all(config.pepper.get_secret_value().encode() not in key for key in keys)


def test_a_file_that_nests_without_end_is_a_problem_like_any_other(tmp_path: Path) -> None:
    found = problems(write(tmp_path, ".".join(["a"] * 20_000) + " = 1"))
    assert len(found) >= 1
