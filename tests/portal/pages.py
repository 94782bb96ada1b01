"""A page as its user reads it: headings, terms, columns, errors by their item, names of links and buttons.

Tests say what stands where, and never that a word is somewhere in the page:

    page = page_of(reply)                          # 200, and HTML; page_of(reply, 422) is a form that came back
    assert page.heading == "Webユーザー（申込者）登録確認"
    assert page.facts["氏名"] == "貿易 花子"
    assert page.errors == {"mail": "メールアドレスを入力してください。"}
    assert page.table("作成の新しい順").row("照合台帳")["受理月"] == "2026年4月"
    assert page.section("検索結果").links["次のページへ"] == "?page=2"
    assert "取消" not in page.buttons

Every page that is read is looked at for loose ends too: a note or an error that no item speaks of, and names that lead
to nothing, are faults of whatever test meets them.

Read is what a person meets: neither hidden parts nor ``noscript`` count, ``br`` and blocks part lines. Whatever is asked
for and is not there is an ``AssertionError`` that tells what is there instead. For a browser: ``browser/person.py``.
"""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

from lxml import html
from lxml.cssselect import CSSSelector

V = TypeVar("V")

_UNREAD = {"script", "style", "template", "noscript", "svg", "option", "datalist"}
_BLOCKS = {
    *(
        "p",
        "li",
        "ul",
        "ol",
        "dl",
        "dt",
        "dd",
        "div",
        "tr",
        "td",
        "th",
        "section",
        "details",
        "summary",
        "table",
    ),
    *("caption", "fieldset", "legend", "form", "figure", "figcaption", "main", "h1", "h2", "h3", "h4"),
}
_HEADINGS = ("h1", "h2", "h3", "h4")
_CONTROLS = "input[name], select[name], textarea[name]"


def page_of(reply: Any, status: int = 200) -> "Page":
    """The page of an answer, which must be HTML with this status."""
    kind = reply.headers.get("Content-Type", "")
    page = None
    if kind.startswith("text/html") and not reply.streaming and reply.content:
        page = Page([html.document_fromstring(reply.content.decode())])
    told = page.text if page else kind
    assert reply.status_code == status, f"{reply.status_code} {reply.headers.get('Location', '')}\n{told}"
    assert page is not None, f"no page: {kind}"
    assert (loose := page.loose) == [], f"{loose} in\n{told}"
    return page


def page_in(content: str) -> "Page":
    """The page that a browser shows: for what stands there, not for what was typed since."""
    return Page([html.document_fromstring(content)])


def part_of(reply: Any, status: int = 200) -> "Part":
    """The piece of a page that an answer to htmx is, with this status."""
    part = read(reply.content.decode())
    assert reply.status_code == status, f"{reply.status_code}\n{part.text}"
    return part


def page_without(reply: Any, *secrets: str, status: int = 200) -> "Page":
    """The page of an answer that carries these nowhere: no word, value, address or comment; for what must stay secret.

    Alone it proves little, an error page carries nothing either: say of the page what it is.
    """
    page = page_of(reply, status)
    carried = [secret for secret in secrets if secret in reply.content.decode()]
    assert carried == [], f"{carried} in\n{page.whole.text}"
    return page


def read(content: str) -> "Part":
    """A piece of HTML on its own."""
    return Part([html.fragment_fromstring(content, create_parent="div")])


class Named(dict[str, V], Generic[V]):
    """Things by their names; a name that is not there, or stands for different things, is an ``AssertionError``."""

    def __init__(self, what: str, pairs: Sequence[tuple[str, V]]) -> None:
        super().__init__()
        self._what, self._different = what, set[str]()
        for name, value in pairs:
            if name in self and dict.__getitem__(self, name) != value:
                self._different.add(name)
            self[name] = value

    def __getitem__(self, name: str) -> V:
        assert name in self, f"no {self._what} {name!r} among {list(self)}"
        assert name not in self._different, (
            f"{self._what} {name!r} stands for different things: ask in a section"
        )
        return super().__getitem__(name)


@dataclass(frozen=True)
class Button:
    """A button by what it sends and whether it can be pressed."""

    name: str
    value: str
    disabled: bool
    action: str


@dataclass(frozen=True)
class Card:
    """A card of a first page: where it leads, what it says, how many wait (None without a number)."""

    href: str
    sentence: str
    count: str | None


@dataclass
class Field:
    """An item of a form; ``options`` are its choices (words to value), ``note`` and ``error`` what stands by it."""

    name: str
    kind: str
    label: str
    mark: str
    """必須, 任意, or what stands in their place; empty without."""
    values: list[str] = field(default_factory=list)
    options: dict[str, str] = field(default_factory=dict)
    required: bool = False
    """By the mark or for a screen reader."""
    disabled: bool = False
    pink: bool = False
    note: str = ""
    error: str = ""
    attributes: dict[str, str] = field(default_factory=dict)

    @property
    def value(self) -> str:
        """What would be sent untouched; empty when nothing would be."""
        return self.values[-1] if self.values else ""

    @property
    def chosen(self) -> list[str]:
        """The words of the choices that are taken."""
        return [words for words, value in self.options.items() if value in self.values]


class Part:
    """A piece of a page; ``nodes`` stand one after the other."""

    def __init__(self, nodes: Sequence[Any]) -> None:
        self.nodes = list(nodes)

    def find(self, selector: str) -> list[Any]:
        """Elements that a person meets, in the order of the page; for what has no question of its own here."""
        found = CSSSelector(selector, translator="html")
        return [node for top in self.nodes for node in found(top) if not _unseen(node)]

    def _the(self, selector: str, what: str) -> Any:
        found = self.find(selector)
        assert len(found) == 1, f"{len(found)} of {what}: {[_words(node) for node in found]} in\n{self.text}"
        return found[0]

    @property
    def text(self) -> str:
        """All words of the piece, line by line; of a whole page only to tell what is there."""
        return "\n".join(filter(None, map(_words, self.nodes)))

    @property
    def lines(self) -> list[str]:
        """The words line by line, each block a line of its own."""
        return self.text.split("\n")

    # ---------------------------------------------------------------------------------------- words that stand
    @property
    def headings(self) -> list[str]:
        """Headings below the first, in order."""
        return [_words(node) for node in self.find("h2, h3, h4")]

    @property
    def sentences(self) -> list[str]:
        """Paragraphs and points of lists, each whole, to be compared whole; step bar and pager are asked elsewhere."""
        whole = "self::p or not(.//p | .//li)"
        elsewhere = "ancestor::nav or parent::ol[@class='steps']"
        found = [node for node in self.find("p, li") if node.xpath(f"({whole}) and not({elsewhere})")]
        return [words for node in found if (words := _words(node))]

    @property
    def callouts(self) -> list[str]:
        """What is set off as important."""
        return [_words(node) for node in self.find(".callout")]

    @property
    def statuses(self) -> list[str]:
        """What a screen reader tells by itself (role ``status``)."""
        return [_words(node) for node in self.find("[role=status]") if _words(node)]

    @property
    def status(self) -> str:
        """The one message of role ``status``: what was done, or how much was found."""
        return _words(self._the("[role=status]", "status"))

    @property
    def alert(self) -> str:
        """The heading of the one alert on top; of a form that came back, how many faults it has."""
        return _words(self._the("[role=alert] h2", "alert"))

    @property
    def alerts(self) -> list[str]:
        """Headings of all alerts; none on a page without a fault."""
        return [_words(node) for node in self.find("[role=alert] h2")]

    @property
    def error_summary(self) -> list[str]:
        """All faults that the alert on top lists."""
        return [_words(node) for node in self.find("[role=alert] li")]

    @cached_property
    def errors(self) -> dict[str, str]:
        """Faults by the name of their item, as they stand by the items; several of one item line by line."""
        return {
            _name_of_item(node, node.get("id", "").removesuffix("_error")): _words(node)
            for node in self.find("ul.errors[id]")
        }

    @cached_property
    def facts(self) -> Named[str]:
        """Values by their terms."""
        pairs: list[tuple[str, str]] = []
        for node in self.find("dt"):
            said = []
            for sibling in node.itersiblings():
                if sibling.tag != "dd":
                    break
                said.append(_words(sibling))
            pairs.append((_words(node), "\n".join(filter(None, said))))
        return Named("term", pairs)

    @property
    def badges(self) -> list[str]:
        """Marks of status."""
        return [_words(node) for node in self.find(".state")]

    @property
    def chips(self) -> list[str]:
        """Small marks such as 保留 or 準備中."""
        return [_words(node) for node in self.find(".chip")]

    # ---------------------------------------------------------------------------------------- controls
    @cached_property
    def links(self) -> Named[str]:
        """Addresses by the names of the links."""
        return Named("link", [(_called(node), node.get("href")) for node in self.find("a[href]")])

    @cached_property
    def buttons(self) -> Named[Button]:
        """Buttons by their names."""
        return Named("button", [(_called(node), _button(node)) for node in self.find("button")])

    @property
    def forms(self) -> "list[Form]":
        """All forms but the one that logs out."""
        return [Form([node]) for node in self.find("form") if not node.get("action", "").endswith("/logout/")]

    def form(self, action: str = "", having: str = "") -> "Form":
        """The one form whose address ends so and that has this item or hidden value."""
        found = [
            form
            for form in self.forms
            if form.action.endswith(action)
            if not having or having in form.fields or having in form.hidden
        ]
        assert len(found) == 1, (
            f"{len(found)} of form: {[(one.action, list(one.fields)) for one in self.forms]}"
        )
        return found[0]

    @cached_property
    def fields(self) -> Named[Field]:
        """Items that can be seen, by the names under which they are sent."""
        return Named("item", [(one.name, one) for one in _fields(self.find(_CONTROLS))])

    @property
    def hidden(self) -> dict[str, list[str]]:
        """What forms carry without showing it."""
        found: dict[str, list[str]] = {}
        selector = CSSSelector("input[type=hidden][name]", translator="html")
        for node in (one for top in self.nodes for one in selector(top)):
            if node.get("name") != "csrfmiddlewaretoken":
                found.setdefault(node.get("name"), []).append(node.get("value", ""))
        return found

    # ---------------------------------------------------------------------------------------- pieces
    def section(self, heading: str) -> "Part":
        """What stands under a heading (of any level, a legend or a summary), without a count behind it in brackets."""
        heads = self.find("h2, h3, h4, legend, summary")
        found = [node for node in heads if _uncounted(_words(node)) == _uncounted(heading)]
        exact = [node for node in found if _words(node) == heading]
        found = exact or found
        assert len(found) == 1, (
            f"{len(found)} of heading {heading!r} among {[_words(node) for node in heads]}"
        )
        head = found[0]
        parent = head.getparent()
        if head.tag in {"legend", "summary"} or parent.tag == "section":
            return Part([parent])
        nodes = [head]
        for sibling in head.itersiblings():
            if sibling.tag in _HEADINGS and sibling.tag <= head.tag:
                break
            nodes.append(sibling)
        return Part(nodes)

    @property
    def tables(self) -> "list[Table]":
        """All tables."""
        return [Table(node) for node in self.find("table")]

    def table(self, name: str = "") -> "Table":
        """The table with this caption or label (a count behind it in brackets left out); the only one without."""
        found = [one for one in self.tables if not name or name in one.names]
        assert len(found) == 1, f"{len(found)} of table {name!r} among {[one.names for one in self.tables]}"
        return found[0]

    @property
    def cards(self) -> Named[Card]:
        """Cards by their titles."""
        pairs = []
        for node in self.find("ul.cards > li"):
            part = Part([node])
            ((title, href),) = part.links.items()
            count = [_words(one) for one in part.find(".count")]
            pairs.append((title, Card(href, "\n".join(part.sentences), count[0] if count else None)))
        return Named("card", pairs)

    @property
    def pager(self) -> str:
        """Where in a long list; empty when one page is enough."""
        places = {_words(node) for node in self.find("nav.pager .here")}
        assert len(places) <= 1, places
        return places.pop() if places else ""


class Page(Part):
    """A whole page; what is asked of it is asked of ``main``, but for what has a name of its own here."""

    def __init__(self, nodes: Sequence[Any]) -> None:
        (root,) = nodes
        self.whole = Part([root.body])
        """The page with header, breadcrumb and footer."""
        super().__init__(root.xpath("//main"))
        assert len(self.nodes) == 1, f"no main in\n{self.whole.text}"
        self._root = root

    @property
    def loose(self) -> list[str]:
        """Ends that hang loose: labels and descriptions of nothing, notes and errors that no item speaks of, ids twice."""
        ids = [str(one) for one in self._root.xpath("//@id")]
        spoken = [
            key
            for name in ("aria-describedby", "aria-labelledby", "for")
            for value in self._root.xpath(f"//@{name}")
            for key in value.split()
        ]
        tied = self._root.xpath(
            "//*[@id][self::p and contains(concat(' ', @class, ' '), ' note ') or self::ul and @class='errors']/@id"
        )
        return [
            *(f"{key} is not there" for key in dict.fromkeys(spoken) if key not in ids),
            *(f"nobody speaks of {key}" for key in tied if key not in spoken),
            *(f"{key} is there twice" for key, times in Counter(ids).items() if times > 1),
        ]

    @property
    def title(self) -> str:
        """What the window is called, without the name of the system."""
        (node,) = self._root.xpath("//head/title")
        return str(node.text).removesuffix("｜貿易保険Webサービス 台帳")

    @property
    def heading(self) -> str:
        """The first heading: which page this is."""
        return _words(self._the("h1", "first heading"))

    @property
    def step(self) -> str:
        """The current step of the step bar, with its number."""
        return _words(self._the("ol.steps .current", "current step"))

    @property
    def crumbs(self) -> list[str]:
        """Where the page stands, from the first page on."""
        return [_words(node) for node in self.whole.find("nav.breadcrumb li")]

    @property
    def tools(self) -> Part:
        """What stands at the upper right."""
        return Part(self.whole.find("header nav.tools"))

    @property
    def user(self) -> Part:
        """Who is logged in."""
        return Part(self.whole.find("header .who"))

    @property
    def menus(self) -> Named[list[str]]:
        """Entries of the menus, by their headings."""
        return Named(
            "menu",
            [
                (_words(node[0]), [_words(entry).split("\n")[0] for entry in node.xpath(".//li")])
                for node in self.find("section.menu")
            ],
        )


class Form(Part):
    """A form."""

    @property
    def action(self) -> str:
        """Where it is sent; empty: to the page itself."""
        return str(self.nodes[0].get("action", ""))

    @property
    def method(self) -> str:
        """``get`` or ``post``."""
        return str(self.nodes[0].get("method", "get")).lower()

    @property
    def values(self) -> dict[str, Any]:
        """What a browser would send untouched, without a button: a text, or a list where a name is there twice."""
        sent: dict[str, list[str]] = dict(self.hidden)
        for one in self.fields.values():
            if (
                not one.disabled
                and one.kind != "file"
                and (one.values or one.kind not in {"radio", "checkbox"})
            ):
                sent.setdefault(one.name, []).extend(one.values or [""])
        for node in self.nodes[0].xpath(".//textarea[@hidden]"):
            sent.setdefault(node.get("name"), []).append(node.text or "")
        return {name: values[0] if len(values) == 1 else values for name, values in sent.items()}


class Row(Named[str]):
    """A row of a table: words by the titles of the columns; ``part`` is the row itself, for links and controls."""

    def __init__(self, node: Any, columns: Sequence[str]) -> None:
        cells = [cell for cell in node if cell.tag in {"td", "th"}]
        assert len(cells) == len(columns), f"{len(cells)} cells under {columns}: {_words(node)}"
        super().__init__("column", list(zip(columns, map(_words, cells), strict=True)))
        self.part = Part([node])
        self.cells = [Part([cell]) for cell in cells]
        self.head = next((_words(cell) for cell in cells if cell.tag == "th"), "")


class Table(Part):
    """A table with titles of columns."""

    def __init__(self, node: Any) -> None:
        super().__init__([node])
        captions = [_words(one) for one in self.find("caption")]
        around = node.xpath("ancestor::*[@role='region'][1]")
        self.caption = captions[0] if captions else ""
        labels = [_called(one) for one in around]
        self.names = {*captions, *labels, *map(_uncounted, (*captions, *labels))} - {""}
        self.columns = [_title(one) for one in self.find("thead tr:last-child > *")]

    @property
    def rows(self) -> list[Row]:
        """The rows in their order."""
        return [Row(node, self.columns) for node in self.find("tbody > tr")]

    @property
    def foot(self) -> list[list[str]]:
        """The rows of the foot, cell by cell."""
        return [[_words(cell) for cell in node] for node in self.find("tfoot > tr")]

    def row(self, name: str) -> Row:
        """The one row whose head, or a line of it, is this."""
        rows = self.rows
        found = [row for row in rows if row.head == name or name in row.head.split("\n")]
        assert len(found) == 1, f"{len(found)} of row {name!r} among {[row.head for row in rows]}"
        return found[0]

    def column(self, title: str) -> list[str]:
        """The words of a column from top to bottom."""
        assert title in self.columns, f"no column {title!r} among {self.columns}"
        return [row[title] for row in self.rows]


# -------------------------------------------------------------------------------------------------- reading
def _hidden(node: Any) -> bool:
    return node.tag in _UNREAD or node.get("hidden") is not None or node.get("type") == "hidden"


def _unseen(node: Any) -> bool:
    return any(_hidden(one) for one in (node, *node.iterancestors()))


def _pieces(node: Any) -> Iterator[str]:
    if not isinstance(node.tag, str) or _hidden(node) or node.get("aria-hidden") == "true":
        return
    if node.tag == "br":
        yield "\n"
    block = node.tag in _BLOCKS
    if block:
        yield "\n"
    if node.tag != "textarea":
        yield _spaces(node.text)
        for child in node:
            yield from _pieces(child)
            yield _spaces(child.tail)
    if block:
        yield "\n"


def _spaces(text: str | None) -> str:
    return re.sub(r"[ \t\r\n]+", " ", text or "")


def _words(node: Any) -> str:
    lines = (re.sub(" +", " ", line).strip(" ") for line in "".join(_pieces(node)).split("\n"))
    return "\n".join(filter(None, lines))


def _called(node: Any) -> str:
    """The name of a control, as a screen reader tells it."""
    if node.get("aria-label"):
        return str(node.get("aria-label"))
    if node.get("aria-labelledby"):
        root = node.getroottree()
        named = [
            one for key in node.get("aria-labelledby").split() for one in root.xpath("//*[@id=$key]", key=key)
        ]
        return " ".join(map(_words, named))
    return _words(node)


def _title(node: Any) -> str:
    """The title of a column without links to sort by and to explanations."""
    pieces = [_spaces(node.text)]
    for child in node:
        pieces += [] if child.get("class") in {"sorts", "help-mark"} else _pieces(child)
        pieces.append(_spaces(child.tail))
    return "".join(pieces).strip()


def _uncounted(words: str) -> str:
    return re.sub(r"（[^（）]*）$", "", words)


def _button(node: Any) -> Button:
    form = next(iter(node.iterancestors("form")), None)
    action = node.get("formaction") or ("" if form is None else form.get("action", ""))
    return Button(node.get("name", ""), node.get("value", ""), node.get("disabled") is not None, action)


def _name_of_item(node: Any, key: str) -> str:
    """The name under which the item with this id is sent; the id where there is none."""
    for found in node.getroottree().xpath("//*[@id=$key]", key=key):
        for control in found.xpath("descendant-or-self::*[@name][not(self::button)][1]"):
            return str(control.get("name"))
    return key.removeprefix("id_")


def _fields(controls: Sequence[Any]) -> Iterator[Field]:
    found: dict[str, Field] = {}
    for node in controls:
        name, kind = node.get("name"), node.get("type", "text") if node.tag == "input" else node.tag
        item = found.setdefault(name, _field(node, name, kind))
        if kind in {"radio", "checkbox"}:
            value = node.get("value", "on")
            item.options[_label(node)[0] or _called(node)] = value
            item.values += [value] if node.get("checked") is not None else []
        elif kind == "select":
            for option in node.xpath(".//option"):
                value = option.get("value", option.text or "")
                item.options[(option.text or "").strip()] = value
                item.values += [value] if option.get("selected") is not None else []
            if not item.values and item.options and node.get("multiple") is None:
                item.values = [next(iter(item.options.values()))]
        elif kind == "textarea":
            item.values.append((node.text or "").removeprefix("\n"))
        elif kind != "file":
            item.values.append(node.get("value", ""))
    yield from found.values()


def _field(node: Any, name: str, kind: str) -> Field:
    label, mark = _group(node) if kind in {"radio", "checkbox"} else ("", "")
    if not label:
        label, mark = _label(node)
    by = [
        key
        for one in (node, *node.iterancestors("fieldset"))
        for key in one.get("aria-describedby", "").split()
    ]
    root = node.getroottree()
    said = {key: _words(one) for key in by for one in root.xpath("//*[@id=$key]", key=key)}
    return Field(
        name,
        kind,
        label or _called(node),
        mark,
        required=node.get("aria-required") == "true" or node.get("required") is not None or mark == "必須",
        disabled=node.get("disabled") is not None,
        pink="missing" in node.get("class", "").split()
        or bool(node.xpath("ancestor::*[contains(concat(' ', @class, ' '), ' pink ')]")),
        note="\n".join(words for key, words in said.items() if key.endswith("_note")),
        error="\n".join(words for key, words in said.items() if key.endswith("_error")),
        attributes=dict(node.attrib),
    )


def _group(node: Any) -> tuple[str, str]:
    for fieldset in node.iterancestors("fieldset"):
        for legend in fieldset.xpath("./legend"):
            return _parted(legend)
    return "", ""


def _label(node: Any) -> tuple[str, str]:
    """Label and mark of a control."""
    if node.get("aria-label"):
        return str(node.get("aria-label")), ""
    for label in (
        node.getroottree().xpath("//label[@for=$key]", key=node.get("id", "")) if node.get("id") else []
    ):
        return _parted(label)
    for label in node.iterancestors("label"):
        return _parted(label)
    if node.get("aria-labelledby"):
        for label in node.getroottree().xpath("//*[@id=$key]", key=node.get("aria-labelledby").split()[0]):
            return _parted(label)
    return "", ""


def _parted(label: Any) -> tuple[str, str]:
    marks = [_words(one) for one in label.xpath(".//span[@class='must' or @class='may']")]
    mark = marks[0] if marks else ""
    return _words(label).removesuffix(mark).strip(), mark
