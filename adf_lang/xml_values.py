"""XML as the language knows it: read, written in .NET's shape, made into JSON and back, searched by XPath 1.0.

Documents are read by expat into a small tree that remembers what .NET's writer shows again (`<a />` or `<a></a>`,
CDATA sections, the declaration); white space between elements is dropped, as there. XPath is lxml's: its element
tree is built beside ours, so that a found node can be written from ours.
"""

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any
from xml.parsers import expat

from adf_lang.registry import RefusalError
from adf_lang.text import to_text
from adf_lang.types import Value
from adf_lang.xpath_paths import make_absolute

if TYPE_CHECKING:
    from lxml import etree

TEXT_ESCAPES = {"&": "&amp;", "<": "&lt;", ">": "&gt;", "\r": "&#xD;"}
ATTRIBUTE_ESCAPES = {**TEXT_ESCAPES, '"': "&quot;", "\n": "&#xA;", "\t": "&#x9;"}
NAME_START = re.compile(r"[^\W\d]|_")
NAME_REST = re.compile(r"[\w.\-]")
MAX_DEPTH = 200
XML_NAMESPACE = "http://www.w3.org/XML/1998/namespace"


@dataclass(slots=True, kw_only=True)
class Text:
    """Characters; `cdata`: in a CDATA section."""

    value: str
    cdata: bool = False


@dataclass(slots=True, kw_only=True)
class Markup:
    """A comment or a processing instruction, as it is written."""

    target: str | None
    data: str

    @property
    def source(self) -> str:
        """The text of the node; no target: a comment."""
        if self.target is None:
            return f"<!--{self.data}-->"
        return f"<?{self.target} {self.data}?>" if self.data else f"<?{self.target}?>"


@dataclass(slots=True, kw_only=True)
class Element:
    """An element, names with their prefixes, attributes in their order, xmlns among them."""

    name: str
    attributes: dict[str, str] = field(default_factory=dict)
    children: list["Element | Text | Markup"] = field(default_factory=list)
    # Written <a />; an element without children that was written <a></a> stays so.
    self_closing: bool = False


@dataclass(slots=True, kw_only=True)
class Document:
    """A document: its declaration's attributes (empty: there is none) and what stands at the top."""

    declaration: dict[str, str] = field(default_factory=dict)
    children: list[Element | Text | Markup] = field(default_factory=list)

    @property
    def root(self) -> Element:
        return next(child for child in self.children if isinstance(child, Element))


class _Builder:
    """Builds both trees from expat's events."""

    def __init__(self) -> None:
        self.document = Document()
        self.open: list[Element] = []
        self.data = b""
        self.spaces: list[dict[str, str]] = [{"xml": XML_NAMESPACE, "": ""}]
        self.cdata = False
        # The text was decoded already, whatever its declaration says.
        self.parser = expat.ParserCreate("utf-8")
        self.parser.ordered_attributes = True
        self.parser.buffer_text = True
        self.parser.XmlDeclHandler = self._declaration
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.StartCdataSectionHandler = self._cdata_start
        self.parser.EndCdataSectionHandler = self._cdata_end
        self.parser.CommentHandler = self._comment
        self.parser.ProcessingInstructionHandler = self._instruction
        self.parser.StartDoctypeDeclHandler = self._doctype

    def read(self, text: str) -> Document:
        self.data = text.encode("utf-8", "replace")
        try:
            self.parser.Parse(self.data, True)
        except expat.ExpatError as error:
            reason = expat.ErrorString(error.code)
            raise RefusalError(
                f"not XML: {reason} at line {error.lineno}, column {error.offset + 1}", argument=0
            ) from error
        return self.document

    def _declaration(self, version: str, encoding: str | None, standalone: int) -> None:
        found = {"version": version, "encoding": encoding, "standalone": {1: "yes", 0: "no"}.get(standalone)}
        self.document.declaration = {key: value for key, value in found.items() if value is not None}

    def _start(self, name: str, attributes: list[str]) -> None:
        if len(self.open) >= MAX_DEPTH:
            raise RefusalError(f"XML nested more than {MAX_DEPTH} levels deep", argument=0)
        named = dict(zip(attributes[::2], attributes[1::2], strict=True))
        spaces = dict(self.spaces[-1])
        for key, value in named.items():
            if key.partition(":")[0] == "xmlns":
                spaces[key[6:]] = value
        self.spaces.append(spaces)
        for key in (name, *named):
            self._require_prefix(key)
        element = Element(name=name, attributes=named)
        self._append(element)
        self.open.append(element)

    def _end(self, name: str) -> None:
        element = self.open.pop()
        # Expat reports the end of <a/> behind it, that of <a></a> before </a>.
        place = self.parser.CurrentByteIndex
        element.self_closing = not element.children and self.data[place - 2 : place] == b"/>"
        element.children = [child for child in element.children if not _is_blank(child)]
        self.spaces.pop()

    def _text(self, data: str) -> None:
        if self.open:
            self._append(Text(value=data, cdata=self.cdata))

    def _cdata_start(self) -> None:
        self.cdata = True
        self._append(Text(value="", cdata=True))

    def _cdata_end(self) -> None:
        self.cdata = False

    def _comment(self, data: str) -> None:
        self._append(Markup(target=None, data=data))

    def _instruction(self, target: str, data: str) -> None:
        self._append(Markup(target=target, data=data))

    def _doctype(self, *_: object) -> None:
        raise RefusalError("XML with a document type declaration is not read", argument=0)

    def _append(self, child: Element | Text | Markup) -> None:
        siblings = self.open[-1].children if self.open else self.document.children
        last = siblings[-1] if siblings else None
        if isinstance(child, Text) and isinstance(last, Text) and child.cdata and last.cdata and child.value:
            last.value += child.value
        else:
            siblings.append(child)

    def _require_prefix(self, name: str) -> None:
        prefix = name.rpartition(":")[0]
        if prefix and prefix != "xmlns" and prefix not in self.spaces[-1]:
            raise RefusalError(f"not XML: the prefix '{prefix}' is not declared", argument=0)


def _is_blank(child: Element | Text | Markup) -> bool:
    return isinstance(child, Text) and not child.cdata and not child.value.strip(" \t\r\n")


def read(text: str) -> Document:
    """Reads a document.

    Raises:
        RefusalError: not well formed, with line and column; too deep; with a document type declaration.
    """
    return _Builder().read(text)


def normalize(text: str) -> str:
    """The document as .NET writes it again."""
    return write(read(text))


def write(document: Document) -> str:
    """A document as a text."""
    declaration = "".join(f' {key}="{value}"' for key, value in document.declaration.items())
    pieces = [f"<?xml{declaration}?>"] if declaration else []
    for child in document.children:
        _write(child, pieces)
    return "".join(pieces)


def write_indented(element: Element) -> str:
    """One element with what is in it, indented as .NET writes a part of a document: not where there is text."""
    pieces: list[str] = []
    _write_indented(element, pieces, 0, False)
    return "".join(pieces)


def _write_indented(element: Element, pieces: list[str], depth: int, mixed: bool) -> None:
    if not element.children:
        _write(element, pieces)
        return
    pieces.append(f"<{element.name}{_written_attributes(element)}>")
    indented = False
    for child in element.children:
        mixed = mixed or isinstance(child, Text)
        indented = not mixed
        if indented:
            pieces.append("\n" + "  " * (depth + 1))
        if isinstance(child, Element):
            _write_indented(child, pieces, depth + 1, mixed)
        else:
            _write(Text(value=child.value) if isinstance(child, Text) else child, pieces)
    pieces.append(f"\n{'  ' * depth}</{element.name}>" if indented else f"</{element.name}>")


def _write(node: Element | Text | Markup, pieces: list[str]) -> None:
    if isinstance(node, Text):
        pieces.append(f"<![CDATA[{node.value}]]>" if node.cdata else _escape(node.value, TEXT_ESCAPES))
    elif isinstance(node, Markup):
        pieces.append(node.source)
    else:
        attributes = _written_attributes(node)
        if node.self_closing:
            pieces.append(f"<{node.name}{attributes} />")
            return
        pieces.append(f"<{node.name}{attributes}>")
        for child in node.children:
            _write(child, pieces)
        pieces.append(f"</{node.name}>")


def _written_attributes(element: Element) -> str:
    return "".join(f' {key}="{_escape(value, ATTRIBUTE_ESCAPES)}"' for key, value in element.attributes.items())


def _escape(text: str, escapes: dict[str, str]) -> str:
    return "".join(escapes.get(character, character) for character in text)


def to_json(text: str) -> Value:
    """A document as an object: attributes `@name`, texts `#text`, repeated elements as an array."""
    document = read(text)
    found: dict[str, Value] = {}
    if document.declaration:
        found["?xml"] = {f"@{key}": value for key, value in document.declaration.items()}
    found[document.root.name] = _element_value(document.root)
    return found


def _element_value(element: Element) -> Value:
    members: dict[str, list[Value]] = {f"@{key}": [value] for key, value in element.attributes.items()}
    for child in element.children:
        if isinstance(child, Element):
            members.setdefault(child.name, []).append(_element_value(child))
        elif isinstance(child, Text):
            members.setdefault("#cdata-section" if child.cdata else "#text", []).append(child.value)
    if not members:
        return None if element.self_closing else ""
    if list(members) == ["#text"] and len(members["#text"]) == 1:
        return members["#text"][0]
    return {name: values[0] if len(values) == 1 else values for name, values in members.items()}


def from_json(value: dict[str, Value]) -> str:
    """An object with one member as a document: the opposite of `to_json`."""
    document = Document()
    members = dict(value)
    declaration = members.pop("?xml", None)
    if isinstance(declaration, dict):
        document.declaration = {key.removeprefix("@"): to_text(item) for key, item in declaration.items()}
    if not members and not document.declaration:
        return ""
    if len(members) != 1:
        raise RefusalError(
            f"xml needs an object with one member, the root element, but this one has {len(members)}", argument=0
        )
    ((name, content),) = members.items()
    if isinstance(content, list) and len(content) != 1:
        raise RefusalError(f"xml needs one root element, but '{name}' is an array of {len(content)}", argument=0)
    document.children = list(_elements(name, content, 0))
    return write(document)


def _elements(name: str, value: Value, depth: int) -> list[Element | Text | Markup]:
    if depth > MAX_DEPTH:
        raise RefusalError(f"xml takes at most {MAX_DEPTH} levels", argument=0)
    if isinstance(value, list):
        return [element for item in value for element in _elements(name, item, depth + 1)]
    element = Element(name=_xml_name(name), self_closing=value is None or value == {})
    if isinstance(value, dict):
        for key, member in value.items():
            if key.startswith("@") and not isinstance(member, dict | list):
                element.attributes[_xml_name(key[1:])] = _scalar(member)
            elif key in ("#text", "#cdata-section"):
                items = member if isinstance(member, list) else [member]
                element.children.extend(Text(value=_scalar(item), cdata=key != "#text") for item in items)
            else:
                element.children.extend(_elements(key, member, depth + 1))
    elif value is not None:
        element.children.extend([Text(value=_scalar(value))] if value != "" else [])
    return [element]


def _scalar(value: Value) -> str:
    return to_text(value).lower() if isinstance(value, bool) else to_text(value)


def _xml_name(name: str) -> str:
    """A name with what XML does not allow in names written as _xHHHH_."""
    prefix, colon, local = name.partition(":")
    if colon and prefix and local:
        return f"{_xml_name(prefix)}:{_xml_name(local)}"
    encoded = "".join(
        character
        if NAME_START.fullmatch(character) or (index and NAME_REST.fullmatch(character))
        else f"_x{ord(character):04X}_"
        for index, character in enumerate(name)
    )
    if not encoded:
        raise RefusalError("xml cannot make an element without a name", argument=0)
    return encoded


def select(text: str, path: str) -> Value | list[tuple[bool, str]]:
    """What an XPath 1.0 expression finds: a number, text or boolean, or nodes as (is an element, text).

    Raises:
        RefusalError: not XPath; a kind of node that the language does not know (comments, namespaces ...).
    """
    from lxml import etree

    document = read(text)
    if path.strip() in ("/", "."):
        return [(True, write_indented(document.root))]
    twins: dict[etree._Element, Element] = {}
    try:
        tree = etree.ElementTree(_twin(document.root, {"xml": XML_NAMESPACE}, twins))
        # A prefix in the path is undeclared, as on the service: use local-name().
        found = tree.xpath(make_absolute(path))
    except (etree.XPathError, ValueError, TypeError) as error:
        raise RefusalError(f"not an XPath 1.0 expression that can be evaluated: {error}", argument=1) from error
    if not isinstance(found, list):
        return found if isinstance(found, bool | float) else str(found)
    return [_found(node, document, twins) for node in found]


def _twin(element: Element, spaces: dict[str, str], twins: "dict[etree._Element, Element]") -> "etree._Element":
    """The element with all below it in lxml's tree; `twins` gets the way back."""
    from lxml import etree

    own = {key[6:]: value for key, value in element.attributes.items() if key.partition(":")[0] == "xmlns"}
    spaces = {**spaces, **own}
    twin = etree.Element(
        _qualified(element.name, spaces, spaces.get("", "")),
        {
            _qualified(key, spaces, ""): value
            for key, value in element.attributes.items()
            if key.partition(":")[0] != "xmlns"
        },
        nsmap={prefix or None: space for prefix, space in own.items() if space},  # type: ignore[misc] # stubs lack None
    )
    twins[twin] = element
    last: etree._Element | None = None
    for child in element.children:
        if isinstance(child, Text):
            if last is None:
                twin.text = (twin.text or "") + child.value
            else:
                last.tail = (last.tail or "") + child.value
            continue
        if isinstance(child, Element):
            last = _twin(child, spaces, twins)
        else:
            last = etree.Comment(child.data) if child.target is None else etree.PI(child.target, child.data)
        twin.append(last)
    return twin


def _qualified(name: str, spaces: dict[str, str], default: str) -> str:
    prefix, _, local = name.rpartition(":")
    space = spaces[prefix] if prefix else default
    return f"{{{space}}}{local}" if space else local


def _found(node: Any, document: Document, twins: "dict[etree._Element, Element]") -> tuple[bool, str]:
    if node in twins:
        return True, write_indented(_with_namespaces(twins[node], document.root))
    if getattr(node, "is_attribute", False):
        return False, _attribute(node, twins[node.getparent()])
    if isinstance(node, str):
        return False, str(node)
    raise RefusalError(
        "xpath finds elements, attributes and texts, not comments, instructions or namespaces", argument=1
    )


def _attribute(node: Any, parent: Element) -> str:
    local = str(node.attrname).rpartition("}")[2]
    name = next((key for key in parent.attributes if key.rpartition(":")[2] == local), local)
    return f'{name}="{_escape(str(node), ATTRIBUTE_ESCAPES)}"'


def _with_namespaces(element: Element, root: Element) -> Element:
    """The element with the declarations that it uses and inherits from the elements above it."""
    inherited = _declarations_above(element, root)
    used = {name.rpartition(":")[0] for name in (element.name, *element.attributes) if ":" in name}
    if ":" not in element.name:
        used.add("")
    missing = {
        (f"xmlns:{prefix}" if prefix else "xmlns"): inherited[prefix]
        for prefix in sorted(used, reverse=True)
        if inherited.get(prefix) and (f"xmlns:{prefix}" if prefix else "xmlns") not in element.attributes
    }
    return replace(element, attributes={**element.attributes, **missing}) if missing else element


def _declarations_above(element: Element, root: Element) -> dict[str, str]:
    pending: list[tuple[Element, dict[str, str]]] = [(root, {})]
    while pending:
        current, spaces = pending.pop()
        if current is element:
            return spaces
        own = {key[6:]: value for key, value in current.attributes.items() if key.partition(":")[0] == "xmlns"}
        pending.extend((child, {**spaces, **own}) for child in current.children if isinstance(child, Element))
    return {}
