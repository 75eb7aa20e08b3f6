"""The words the demo's invented catalogue and people are made of. Nothing here names a real book or person."""

from __future__ import annotations


def _topics(text: str) -> tuple[str, ...]:
    return tuple(text.split("; "))


# Per subject: Dewey class, then topics that fit every English pattern below.
TOPICS: dict[str, tuple[str, tuple[str, ...]]] = {
    "law": (
        "340",
        _topics(
            "contract law; land law; family law; devolution and the law; human rights; company law; environmental law"
        ),
    ),
    "agriculture": (
        "630",
        _topics(
            "upland farming; sheep farming; soil science; grassland management; forestry; animal husbandry; food policy"
        ),
    ),
    "education": (
        "370",
        _topics(
            "bilingual education; primary teaching; early years education; educational assessment; special "
            "educational needs; adult learning; school leadership"
        ),
    ),
    "biology": (
        "570",
        _topics(
            "marine biology; cell biology; plant ecology; animal behaviour; genetics; ornithology; freshwater ecology"
        ),
    ),
    "sport": (
        "796",
        _topics(
            "sports coaching; sports nutrition; rugby; exercise physiology; outdoor education; sports psychology; "
            "community sport"
        ),
    ),
    "design": (
        "745",
        _topics("ceramics; graphic design; textile design; furniture making; typography; illustration; product design"),
    ),
    "engineering": (
        "620",
        _topics(
            "structural engineering; fluid mechanics; control systems; materials science; power electronics; "
            "railway engineering; coastal engineering"
        ),
    ),
    "politics": (
        "320",
        _topics(
            "devolution; political theory; electoral systems; local government; public policy; European "
            "integration; social movements"
        ),
    ),
    "computing": (
        "004",
        _topics(
            "databases; operating systems; machine learning; computer networks; software engineering; computer "
            "security; human-computer interaction"
        ),
    ),
    "history": (
        "942.9",
        _topics(
            "the slate industry; the coal valleys; medieval castles; the drovers; nonconformist chapels; the iron "
            "towns; maritime trade"
        ),
    ),
    "literature": (
        "820",
        _topics(
            "the industrial novel; medieval romance; contemporary poetry; the short story; life writing; literary "
            "translation; children's fiction"
        ),
    ),
    "music": (
        "780",
        _topics("choral singing; the harp; orchestration; hymn tunes; opera; jazz harmony; piano technique"),
    ),
    "drama": (
        "792",
        _topics(
            "stage lighting; voice training; stage design; directing; physical theatre; radio drama; theatre management"
        ),
    ),
    "medicine": (
        "610",
        _topics(
            "general practice; epidemiology; paediatrics; anaesthesia; clinical examination; public health; rural "
            "medicine"
        ),
    ),
    "nursing": (
        "610.73",
        _topics(
            "community nursing; mental health nursing; midwifery; palliative care; wound care; clinical "
            "leadership; patient safety"
        ),
    ),
    "religion": (
        "230",
        _topics(
            "Celtic Christianity; pilgrimage; church history; biblical Hebrew; liturgy; Islamic thought; the "
            "ethics of care"
        ),
    ),
    "psychology": (
        "150",
        _topics(
            "memory; child development; cognitive psychology; language and mind; personality; health psychology; "
            "group behaviour"
        ),
    ),
    "business": (
        "650",
        _topics(
            "accounting; marketing; tourism management; small enterprises; project management; supply chains; "
            "business ethics"
        ),
    ),
    "geography": (
        "910",
        _topics(
            "glaciation; coastal erosion; rural settlement; climate change; urban regeneration; cartography; flooding"
        ),
    ),
    "chemistry": (
        "540",
        _topics(
            "organic chemistry; spectroscopy; polymers; electrochemistry; catalysis; analytical chemistry; green "
            "chemistry"
        ),
    ),
}

ENGLISH_PATTERNS: tuple[tuple[str, str | None], ...] = (
    ("{Topic}", "an introduction"),
    ("{Topic} in Wales", None),
    ("A handbook of {topic}", None),
    ("{Topic}", "theory and practice"),
    ("Understanding {topic}", None),
    ("New directions in {topic}", "essays from a conference"),
    ("{Topic} and society", "past, present and future"),
    ("Case studies in {topic}", None),
    ("The study of {topic}", "a student's guide"),
    ("Researching {topic}", "methods and sources"),
    ("{Topic} since 1945", None),
)

# Per topic: subject, radical form, soft-mutated form.
WELSH_TOPICS: tuple[tuple[str, str, str], ...] = (
    ("literature", "barddoniaeth", "farddoniaeth"),
    ("literature", "llenyddiaeth", "lenyddiaeth"),
    ("music", "cerddoriaeth", "gerddoriaeth"),
    ("music", "canu gwerin", "ganu gwerin"),
    ("education", "addysg", "addysg"),
    ("education", "addysg feithrin", "addysg feithrin"),
    ("agriculture", "amaethyddiaeth", "amaethyddiaeth"),
    ("geography", "daearyddiaeth", "ddaearyddiaeth"),
    ("religion", "crefydd", "grefydd"),
    ("history", "archaeoleg", "archaeoleg"),
    ("chemistry", "gwyddoniaeth", "wyddoniaeth"),
    ("chemistry", "cemeg", "gemeg"),
    ("biology", "bioleg", "fioleg"),
    ("law", "cyfraith gyhoeddus", "gyfraith gyhoeddus"),
    ("psychology", "seicoleg", "seicoleg"),
    ("nursing", "nyrsio", "nyrsio"),
    ("medicine", "iechyd gwledig", "iechyd gwledig"),
    ("politics", "gwleidyddiaeth", "wleidyddiaeth"),
    ("drama", "y ddrama", "y ddrama"),
    ("computing", "cyfrifiadureg", "gyfrifiadureg"),
)

# `{soft}` stands where the word before it mutates softly, `{topic}` where it does not.
WELSH_PATTERNS: tuple[tuple[str, str | None], ...] = (
    ("Cyflwyniad i {soft}", None),
    ("{Topic} yng Nghymru", "ddoe a heddiw"),
    ("Astudiaethau mewn {topic}", None),
    ("Golwg newydd ar {soft}", "ysgrifau"),
    ("Llawlyfr {topic}", None),
    ("{Topic} a chymdeithas", None),
)

# Title, remainder, author, subject, language: every member holds these, on the items the contract speaks of.
FEATURED: tuple[tuple[str, str | None, str, str, str], ...] = (
    ("A short history of Wales", "land, people, memory", "Jenkins, Mared", "history", "eng"),
    ("Walking the coast of Wales", "a companion", "Prosser, Huw", "geography", "eng"),
    ("The birds of Wales", "a field guide", "Mostyn, Catrin", "biology", "eng"),
    ("Wales in verse", "an anthology of new poems", "Jarman, Ifor", "literature", "eng"),
    ("Tŷ ar y bryn", "nofel", "Gwynne, Llŷr", "literature", "wel"),
    ("Dŵr, ŷd a gŵydd", "hwiangerddi newydd", "Tŵrog, Nansi", "literature", "wel"),
    ("Hanes y Gymraeg mewn can gair", None, "Ellis, Gwenno", "history", "wel"),
    ("Gramadeg bach y Gymraeg", "llyfr gwaith", "Bowen, Tudur", "education", "wel"),
    ("Study skills for everyone", "reading, notes, essays", "Hartley, Rosa", "education", "eng"),
    ("Academic writing step by step", None, "Okafor, Ada", "education", "eng"),
    ("Statistics without tears", "a first course", "Lindqvist, Per", "psychology", "eng"),
    ("Research methods in brief", None, "Morris, Delyth", "psychology", "eng"),
    ("Café society", "coffee houses and conversation", "Lefèvre, Zoé", "history", "eng"),
    ("The slate quarry", "a novel", "Parry, Osian", "literature", "eng"),
    ("Women of the valleys", "oral histories", "Beynon, Sioned", "history", "eng"),
    ("A field guide to mosses", None, "Wynne, Alun", "biology", "eng"),
    ("The bilingual classroom", "ideas for teachers", "Rowlands, Non", "education", "eng"),
    ("Programming from the ground up", "thirty small projects", "Nakamura, Emi", "computing", "eng"),
    ("Cooking for one", "a student's cookery book", "Vaughan, Bethan", "business", "eng"),
    ("The reference atlas of rivers", None, "Hopkin, Gareth", "geography", "eng"),
    ("Night trains", "stories", "Marchetti, Luca", "literature", "eng"),
    ("The harp maker's daughter", "a novel", "Meredith, Angharad", "literature", "eng"),
    ("Introduction to ethics", None, "Stone, Miriam", "religion", "eng"),
    ("Tides", "a very short science", "Cadwaladr, Ynyr", "geography", "eng"),
    ("The lost manuscript", "a mystery", "Trevor, Olwen", "literature", "eng"),
    ("New voices 2026", "an anthology", "Quill, Harper", "literature", "eng"),
    ("Maps of the borderland", None, "Kinsey, Rhodri", "geography", "eng"),
    ("Mathematics for engineers", "worked examples", "Adeyemi, Tunde", "engineering", "eng"),
    ("Human anatomy", "a short-loan text", "Castell, Nia", "medicine", "eng"),
    ("Caneuon y ffordd", "blodeugerdd", "Jones-Parry, Siwan", "music", "wel"),
    ("Moonrise over the estuary", "a film", "Idris, Ffion", "drama", "eng"),
)  # fmt: skip

FAMILY_NAMES = (
    "Jenkins", "Davies", "Evans", "Thomas", "Roberts", "Lewis", "Hughes", "Morgan", "Griffiths", "Edwards", "Owen",
    "Price", "Rees", "Lloyd", "Powell", "Pugh", "Bevan", "Gwilym", "Tudor", "Maddox", "Pryce", "Ellis", "Humphreys",
    "Nowak", "Haddad", "Okoye", "Schmidt", "Rossi", "Tanaka", "Iyer", "MacLeod", "Byrne", "Fournier", "Kovač",
)  # fmt: skip

GIVEN_NAMES = (
    "Alys", "Aled", "Bethan", "Bryn", "Carys", "Cai", "Dilys", "Dafydd", "Elen", "Emrys", "Ffion", "Gethin", "Heledd",
    "Iestyn", "Lowri", "Macsen", "Mair", "Nerys", "Osian", "Rhiannon", "Rhys", "Sara", "Siôn", "Tegid", "Wyn", "Amina",
    "Björn", "Chloé", "Daniel", "Fatima", "Hana", "Igor", "José", "Priya",
)  # fmt: skip

PUBLISHERS = (
    ("Aberystwyth", "Gwasg y Bryn"), ("Caerdydd", "Gwasg Tŷ Coch"), ("Cardiff", "Taff Academic"),
    ("Swansea", "Mumbles House"), ("Bangor", "Menai Press"), ("London", "Fenchurch & Vale"),
    ("Oxford", "Cherwell Bridge"), ("Edinburgh", "Canongate Hill"), ("Bristol", "Severn Scholarly"),
    ("Dublin", "Liffey Books"),
)  # fmt: skip
