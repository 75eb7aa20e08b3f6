"""Other people's harvesters as processes that can be killed: sickle, and Perl's HTTP::OAI.

`python -m tests.benchmarks.harvest_clients URL VERB NAME VALUE …` is sickle. Both print a line for each record,
`IDENTIFIER live|deleted`, and after each part of the list `part RESPONSE-DATE TOKEN`, without a token after the last.
They end with 0 after the last part alone.
"""

from __future__ import annotations

import sys
from itertools import chain

from requests import RequestException
from sickle import Sickle
from sickle.iterator import OAIResponseIterator
from sickle.oaiexceptions import NoRecordsMatch

from tests.benchmarks.machine import python

_OAI = "{http://www.openarchives.org/OAI/2.0/}"

PERL = r"""
use strict; use warnings; use HTTP::OAI;
my ($base, $verb, %asked) = @ARGV;
$| = 1;
my $harvester = HTTP::OAI::Harvester->new(baseURL => $base, resume => 0);
while (1) {
    my @came;
    my $answer = $harvester->$verb(%asked, onRecord => sub {
        my $record = shift;
        my $header = $record->can('header') ? $record->header : $record;
        push @came, join(" ", $header->identifier, ($header->status || '') eq 'deleted' ? 'deleted' : 'live');
    });
    # A connection that broke leaves an answer that looks whole but for these.
    exit 3 if $answer->header('X-Died') or $answer->header('Client-Aborted');
    if ($answer->is_error) { exit($answer->code eq 'noRecordsMatch' ? 0 : 3) }
    my $token = $answer->resumptionToken ? $answer->resumptionToken->resumptionToken // '' : '';
    print join("\n", @came, join(" ", 'part', $answer->responseDate, $token)), "\n";
    exit 0 if $token eq '';
    %asked = (resumptionToken => $token);
}
"""


def command(client: str, url: str, verb: str, arguments: dict[str, str]) -> list[str]:
    """How a client is started."""
    asked = [url, verb, *chain.from_iterable(arguments.items())]
    return python(__spec__.name, *asked) if client == "sickle" else ["perl", "-e", PERL, *asked]


def harvest(url: str, verb: str, arguments: dict[str, str]) -> None:
    sickle = Sickle(url, iterator=OAIResponseIterator)  # pyright: ignore[reportArgumentType]
    try:
        parts = getattr(sickle, verb)(**arguments)
    except NoRecordsMatch:
        return
    for part in parts:
        for header in part.xml.iter(f"{_OAI}header"):
            print(header.findtext(f"{_OAI}identifier"), header.get("status", "live"))
        token = parts.resumption_token.token if parts.resumption_token else ""
        print("part", part.xml.findtext(f"{_OAI}responseDate"), token or "", flush=True)


if __name__ == "__main__":
    try:
        harvest(sys.argv[1], sys.argv[2], dict(zip(sys.argv[3::2], sys.argv[4::2], strict=True)))
    except RequestException as broken:
        sys.exit(f"broken off: {type(broken).__name__}")
