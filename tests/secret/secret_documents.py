"""Documents for the rules on texts, made by the stock parser so that the rules are tested without the reader."""

import yaml

from modelspec.diagnose.rule import Finding, Scope
from modelspec.rules.secrets import RULES
from modelspec.text.document import Document, Entry, ListNode, MapNode, Node, ScalarNode
from modelspec.text.source import Source, Span

_KEPT = ("tag:yaml.org,2002:int", "tag:yaml.org,2002:bool", "tag:yaml.org,2002:null")


def document(text: str) -> Document:
    try:
        root = yaml.compose(text, yaml.SafeLoader)
        node = None if root is None else _node(root)
    except yaml.YAMLError:
        node = None
    return Document(source=Source("models.d/x.yaml", text), root=node)


def findings(checked: Document) -> list[tuple[str, Finding]]:
    """By code, what the rules on texts find; each place is resolved to a span."""
    return [(r.code, found) for r in RULES if r.scope is Scope.TEXT and r.check for found in r.check(checked)]


def where(checked: Document, found: Finding) -> str:
    """The text that a finding marks."""
    return checked.source.slice(found.place.span or checked.span(found.place.pointer))


def _node(node: yaml.Node) -> Node:
    span = _span(node)
    if isinstance(node, yaml.MappingNode):
        entries = {
            key.value: Entry(key=_span(key), node=_node(value))
            for key, value in node.value
            if isinstance(key, yaml.ScalarNode)
        }
        return MapNode(entries=entries, span=span, flow=bool(node.flow_style))
    if isinstance(node, yaml.SequenceNode):
        return ListNode(items=tuple(map(_node, node.value)), span=span, flow=bool(node.flow_style))
    assert isinstance(node, yaml.ScalarNode)
    value = yaml.SafeLoader("").construct_object(node) if node.tag in _KEPT else node.value
    return ScalarNode(value=value, span=span, plain=node.style is None)


def _span(node: yaml.Node) -> Span:
    start, end = node.start_mark, node.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
