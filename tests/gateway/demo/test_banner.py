"""The demo's banner: lines to copy that stay lines, and call the program by a name that works."""

from __future__ import annotations

from gateway.demo.banner import banner

PORTS = {"sip2": 6701, "sip2-tls": 7143, "http": 8780, "https": 9143, "z3950": 2800, "ldap": 4089, "ncip": 6702}


def test_every_command_is_one_line_and_names_the_program() -> None:
    lines = banner(PORTS, ".venv/bin/gateway").splitlines()
    commands = [line.split() for line in lines if line.startswith("  ")]
    assert [words[0] for words in commands] == [
        *[".venv/bin/gateway"] * 2,
        *["curl"] * 3,
        *[".venv/bin/gateway"] * 2,
        "curl",
        "ldapsearch",
        *[".venv/bin/gateway"] * 2,
    ]
    probes = [words for words in commands if "probe" in words]
    assert [words[-1] for words in probes] == ["1234", "status", "--write", "20100001"]


def test_what_is_not_served_is_not_mentioned() -> None:
    assert "TLS" not in banner({"sip2": 6001, "http": 8080})
    assert "sip2" not in banner({"http": 8080})
    assert "tcp://" not in banner({"http": 8080})
    assert "Z39.50" not in banner({"http": 8080})


def test_the_patron_whose_pin_opens_nothing_is_named() -> None:
    assert "only that of 20100009 is empty" in banner(PORTS)


def test_a_campus_is_mentioned_where_there_is_one() -> None:
    assert "slapd" not in banner(PORTS)
    lines = banner(PORTS, campus=True).splitlines()
    [at] = [number for number, line in enumerate(lines) if "slapd" in line]
    assert lines[at + 1].endswith("patron-info 20100001 --pin campus-demo")
