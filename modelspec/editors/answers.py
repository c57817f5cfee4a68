"""What is asked of a place: completion, hover, definition, references, rename, outline, route, quick fixes."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import date
from pathlib import Path
from typing import NamedTuple

from lsprotocol import types
from pygls.exceptions import JsonRpcException

from modelspec.author.draft import Draft, judged
from modelspec.author.entries import entries_of, find_entry
from modelspec.author.listed import draft_of_rename as draft_of_listed
from modelspec.author.listed import find_listed
from modelspec.author.models import draft_of_rename as draft_of_model
from modelspec.diagnose.diagnostic import Severity
from modelspec.diagnose.refusal import Refusal
from modelspec.editors import look, wire
from modelspec.editors.complete import MOST, Completion, completions
from modelspec.editors.fixes import fixes_of
from modelspec.editors.fleet import EditedFleet, Snapshot
from modelspec.editors.server import FleetServer, following, source_in
from modelspec.load import source_of
from modelspec.load.find import File
from modelspec.report.printable import printable, without_secrets
from modelspec.text.source import Source, Span, Spot

_REFUSED = -32803
"""RequestFailed of the protocol: the request is understood, and cannot be done."""


class _Asked(NamedTuple):
    """A place that is asked about, in the newest state."""

    fleet: EditedFleet
    path: str
    now: Snapshot
    source: Source
    line: int
    column: int


async def _asked(server: FleetServer, uri: str, at: types.Position | None = None) -> _Asked | None:
    found = server.place(uri)
    now = None if found is None else await server.now(found[0])
    if found is None or now is None:
        return None
    source = now.source(found[1])
    if source is None:
        return None
    line, column = (1, 1) if at is None else wire.place_of(source, at, server.units)
    return _Asked(*found, now, source, line, column)


def _named(asked: _Asked) -> look.FleetName | None:
    reading = asked.now.reading(asked.path)
    found = None if reading is None else look.spotted(reading.document, asked.line, asked.column)
    return None if found is None else look.named_at(asked.now, asked.path, found)


def _location(server: FleetServer, asked: _Asked, spot: Spot) -> types.Location:
    return types.Location(
        uri=server.uri(asked.fleet.root, spot.path),
        range=wire.range_of(asked.now.source(spot.path), spot.span, server.units),
    )


def server_of(today: Callable[[], date]) -> FleetServer:
    """The server with everything that it answers."""
    server = following(today)
    _answer_words(server)
    _answer_places(server)
    _answer_edits(server)
    return server


def _answer_words(server: FleetServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_COMPLETION,
        types.CompletionOptions(trigger_characters=[":", " ", "[", "{", ",", "-", "/"]),
    )
    async def _complete(params: types.CompletionParams) -> types.CompletionList:
        uri = params.text_document.uri
        found = server.place(uri)
        # Names of a moment ago will do: nobody waits for the text that is being typed to be compiled.
        now = None if found is None else found[0].latest or await server.now(found[0])
        document = server.document(uri)
        if found is None or now is None or document is None:
            return types.CompletionList(is_incomplete=False, items=[])
        source = source_in(document.source, found[1])
        line, column = wire.place_of(source, params.position, server.units)
        typed, offers = completions(now, found[1], source.lines, line - 1, column - 1)
        start = wire.position(source, line, column - len(typed), server.units)
        where = types.Range(start=start, end=params.position)
        items = [_item(number, offer, where) for number, offer in enumerate(offers)]
        return types.CompletionList(is_incomplete=len(items) >= MOST, items=items)

    @server.feature(types.TEXT_DOCUMENT_HOVER)
    async def _hover(params: types.HoverParams) -> types.Hover | None:
        asked = await _asked(server, params.text_document.uri, params.position)
        if asked is None:
            return None
        text, span = look.hover(asked.now, asked.path, asked.line, asked.column)
        if not text:
            return None
        where = None if span is None else wire.range_of(asked.source, span, server.units)
        return types.Hover(
            contents=types.MarkupContent(kind=types.MarkupKind.PlainText, value=text), range=where
        )

    @server.feature(types.TEXT_DOCUMENT_CODE_LENS)
    async def _lenses(params: types.CodeLensParams) -> list[types.CodeLens]:
        asked = await _asked(server, params.text_document.uri)
        if asked is None:
            return []
        return [
            types.CodeLens(
                range=wire.range_of(asked.source, span, server.units),
                command=types.Command(title=title, command=""),
            )
            for span, title in look.lenses(asked.now, asked.path)
        ]


def _item(number: int, offer: Completion, where: types.Range) -> types.CompletionItem:
    kind = types.CompletionItemKind.Field if offer.is_field else types.CompletionItemKind.Value
    return types.CompletionItem(
        label=offer.label,
        kind=kind,
        detail=offer.about if len(offer.about) < 120 and offer.about != offer.label else None,  # noqa: PLR2004 - one line
        documentation=offer.about or None,
        filter_text=offer.text if offer.text == offer.label else f"{offer.text} {offer.label}",
        sort_text=f"{number:05}",
        text_edit=types.TextEdit(range=where, new_text=offer.text),
    )


def _answer_places(server: FleetServer) -> None:
    @server.feature(types.TEXT_DOCUMENT_DEFINITION)
    async def _definition(params: types.DefinitionParams) -> types.Location | None:
        asked = await _asked(server, params.text_document.uri, params.position)
        named = None if asked is None else _named(asked)
        spot = None if asked is None or named is None else look.definition(asked.now, named)
        return None if asked is None or spot is None else _location(server, asked, spot)

    @server.feature(types.TEXT_DOCUMENT_REFERENCES)
    async def _references(params: types.ReferenceParams) -> list[types.Location]:
        asked = await _asked(server, params.text_document.uri, params.position)
        named = None if asked is None else _named(asked)
        if asked is None or named is None:
            return []
        spots = await asyncio.to_thread(look.references, asked.now, named)
        own = look.definition(asked.now, named) if params.context.include_declaration else None
        return [_location(server, asked, spot) for spot in [*([own] if own else []), *spots]]

    @server.feature(types.TEXT_DOCUMENT_DOCUMENT_SYMBOL)
    async def _outline(params: types.DocumentSymbolParams) -> list[types.DocumentSymbol]:
        asked = await _asked(server, params.text_document.uri)
        reading = None if asked is None else asked.now.reading(asked.path)
        if asked is None or reading is None:
            return []
        return [wire.symbol(one, asked.source, server.units) for one in look.symbols(reading.document)]


def _answer_edits(server: FleetServer) -> None:
    @server.feature(
        types.TEXT_DOCUMENT_CODE_ACTION,
        types.CodeActionOptions(code_action_kinds=[types.CodeActionKind.QuickFix]),
    )
    async def _fixes(params: types.CodeActionParams) -> list[types.CodeAction]:
        asked = await _asked(server, params.text_document.uri, params.range.start)
        if asked is None:
            return []
        end = wire.place_of(asked.source, params.range.end, server.units)
        span = Span(asked.line, asked.column, *end)
        return [
            types.CodeAction(
                title=fix.title,
                kind=types.CodeActionKind.QuickFix,
                diagnostics=[
                    wire.diagnostic(
                        found, asked.now.source, lambda path: server.uri(asked.fleet.root, path), server.units
                    )
                ],
                is_preferred=fix.is_preferred,
                edit=types.WorkspaceEdit(
                    changes={
                        server.uri(asked.fleet.root, fix.path): [
                            wire.edit(asked.source, source_of(File(fix.path, fix.data)).text, server.units)
                        ]
                    }
                ),
            )
            for found in look.overlapping(asked.now, asked.path, span)
            for fix in fixes_of(asked.now, found)
        ]

    @server.feature(types.TEXT_DOCUMENT_PREPARE_RENAME)
    async def _prepare(params: types.PrepareRenameParams) -> types.Range | None:
        asked = await _asked(server, params.text_document.uri, params.position)
        named = None if asked is None else _named(asked)
        if asked is None or named is None or look.definition(asked.now, named) is None:
            return None
        return wire.range_of(asked.source, named.span, server.units)

    @server.feature(types.TEXT_DOCUMENT_RENAME, types.RenameOptions(prepare_provider=True))
    async def _rename(params: types.RenameParams) -> types.WorkspaceEdit | None:
        asked = await _asked(server, params.text_document.uri, params.position)
        named = None if asked is None else _named(asked)
        if asked is None or named is None:
            return None
        draft = await asyncio.to_thread(renaming, asked.now, named, params.new_name, server.today())
        if isinstance(draft, Refusal):
            message = printable(f"{draft.message}; {draft.help}")
            raise JsonRpcException(message, code=_REFUSED)
        return _workspace_edit(server, asked, draft)


def renaming(now: Snapshot, named: look.FleetName, new: str, today: date) -> Draft | Refusal:
    """What `modelspec rename`, `head rename` and `region rename` do, unless it makes an error."""
    draft = _draft_of_rename(now, named, new)
    if isinstance(draft, Refusal):
        return draft
    worst = (one for one in judged(now.compiled, draft, today).new if one.severity is Severity.ERROR)
    return next((Refusal(message=one.message, help=one.help) for one in worst), draft)


def _draft_of_rename(now: Snapshot, named: look.FleetName, new: str) -> Draft | Refusal:
    tree = now.compiled.tree
    if without_secrets(new) != new:
        return Refusal(message="this name looks like a key", help="choose another name")
    if named.what == "model":
        entry = find_entry(entries_of(tree), named.name)
        return entry if isinstance(entry, Refusal) else draft_of_model(tree, entry, new, keep_alias=True)
    listed = find_listed(tree, "head" if named.what == "head" else "region", named.name)
    return listed if isinstance(listed, Refusal) else draft_of_listed(tree, listed, new)


def _workspace_edit(server: FleetServer, asked: _Asked, draft: Draft) -> types.WorkspaceEdit:
    """The files of a draft as edits, and files that it moves as moves where the editor can do that."""
    root = asked.fleet.root
    edits: dict[str, list[types.TextEdit]] = {}
    for path, data in draft.files.items():
        old = draft.moved.get(path, path)
        source = asked.now.source(old)
        if data is not None and source is not None:
            new = source_of(File(path, data)).text
            edits[server.uri(root, old)] = [wire.edit(source, new, server.units)]
    if not draft.moved or not _can_move(server.client_capabilities):
        return types.WorkspaceEdit(changes=edits)
    return types.WorkspaceEdit(document_changes=[*_edits(edits), *_moves(root, draft.moved)])


def _can_move(client: types.ClientCapabilities) -> bool:
    edits = client.workspace and client.workspace.workspace_edit
    operations = (edits and edits.resource_operations) or ()
    return types.ResourceOperationKind.Rename in operations


def _edits(edits: Mapping[str, list[types.TextEdit]]) -> list[types.TextDocumentEdit]:
    return [
        types.TextDocumentEdit(
            text_document=types.OptionalVersionedTextDocumentIdentifier(uri=uri, version=None),
            edits=[*each],
        )
        for uri, each in edits.items()
    ]


def _moves(root: Path, moved: Mapping[str, str]) -> list[types.RenameFile]:
    return [
        types.RenameFile(old_uri=wire.uri_of(root, old), new_uri=wire.uri_of(root, new))
        for new, old in moved.items()
    ]
