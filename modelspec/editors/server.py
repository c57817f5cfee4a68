"""The language server: what the protocol asks, handed to the rooms that know, over standard input and output."""

import asyncio
import logging
from collections.abc import Callable, Iterable, Mapping
from datetime import date
from pathlib import Path
from time import monotonic
from typing import Any
from urllib.parse import unquote

from lsprotocol import types
from pygls.exceptions import (
    FeatureNotificationError,
    FeatureRequestError,
    JsonRpcException,
    JsonRpcInternalError,
)
from pygls.lsp.server import LanguageServer
from pygls.protocol import LanguageServerProtocol
from pygls.uris import to_fs_path, uri_scheme
from pygls.workspace import TextDocument

from modelspec import __version__
from modelspec.editors import wire
from modelspec.editors.fleet import EditedFleet, Snapshot, root_of, roots_below
from modelspec.load import source_of
from modelspec.load.find import File
from modelspec.text.source import Source

_QUICK = 0.01
"""Seconds of quiet before a change is looked at: what is typed together is compiled once."""
_LONGEST_WAIT = 0.5
"""The most seconds of quiet where every model must be examined again."""

BUG = "this is a bug in modelspec, not a fault in your files; please report it"


class _Protocol(LanguageServerProtocol):
    """Answers without the text of an exception, which may hold a value of a file, or of what was asked."""

    def _send_response(
        self,
        msg_id: Any,  # noqa: ANN401
        result: Any = None,  # noqa: ANN401
        error: "types.ResponseError | None" = None,
    ) -> None:
        if error is not None and error.code == types.ErrorCodes.InternalError.value:
            error = types.ResponseError(code=error.code, message=BUG)
        elif error is not None and error.code == types.ErrorCodes.MethodNotFound.value:
            error = types.ResponseError(code=error.code, message="there is no such method")
        super()._send_response(msg_id, result, error)


class FleetServer(LanguageServer):
    """The server and the repositories that it knows, each compiled in memory."""

    def __init__(self, today: Callable[[], date]) -> None:
        super().__init__("modelspec", __version__, protocol_cls=_Protocol)
        self.fleets: dict[Path, EditedFleet] = {}
        self.today = today
        self._uris: dict[tuple[Path, str], str] = {}
        self._published: dict[Path, Mapping[str, object]] = {}
        self._touched: set[tuple[Path, str]] = set()
        self._waiting: dict[Path, asyncio.TimerHandle] = {}
        self._publishing: set[asyncio.Future[None]] = set()
        self._compiling: dict[Path, asyncio.Future[Snapshot]] = {}
        self._cost = _QUICK

    def report_server_error(self, error: Exception, source: type[Exception] | None) -> None:
        """Say what failed, by the type of the exception alone; what the client may not ask is told as the answer."""
        if isinstance(error, JsonRpcException) and not isinstance(error, JsonRpcInternalError):
            return
        # Only what a feature raises is ours; the rest of the library fails where a message is not understood.
        is_ours = source is None or issubclass(source, (FeatureRequestError, FeatureNotificationError))
        message = (
            f"{type(error).__name__}: {BUG if is_ours else 'a message of the editor was not understood'}"
        )
        self.window_log_message(types.LogMessageParams(type=types.MessageType.Error, message=message))

    @property
    def units(self) -> wire.Units:
        """How the client counts characters."""
        return self.workspace.position_codec.client_num_units

    def place(self, uri: str) -> tuple[EditedFleet, str] | None:
        """The repository of a file and its path in it; None for what is in none."""
        name = to_fs_path(uri) if uri_scheme(uri) == "file" else None
        if name is None:
            return None
        file = Path(name)
        known = (folder for folder in file.parents if folder in self.fleets)
        root = next(known, None) or root_of(file)
        if root is None:
            return None
        path = file.relative_to(root).as_posix()
        self._uris[root, path] = uri
        return self.add(root), path

    def uri(self, root: Path, path: str) -> str:
        """The address of a file, as the client writes it where it has it open."""
        return self._uris.get((root, path)) or wire.uri_of(root, path)

    def add(self, root: Path) -> EditedFleet:
        """Know a repository."""
        if root not in self.fleets:
            self.fleets[root] = EditedFleet(root, self.today)
        return self.fleets[root]

    def document(self, uri: str) -> TextDocument | None:
        """A document that is open; the library knows it by its address without escapes."""
        document: TextDocument | None = self.workspace.text_documents.get(unquote(uri))
        return document

    def take(self, uri: str, *, may_be_saved: bool) -> None:
        """Take the text of an open document; where it `may_be_saved`, the disk counts if it says the same."""
        found, document = self.place(uri), self.document(uri)
        if found is None or document is None:
            return
        fleet, path = found
        data = document.source.encode(errors="surrogatepass")
        self._touched.add((fleet.root, path))
        if may_be_saved and _on_disk(fleet.root / path) == data:
            fleet.show(path, None)
        else:
            fleet.show(path, data)
        self.later(fleet, path)

    def drop(self, uri: str) -> None:
        """The document is closed: the file on disk counts."""
        found = self.place(uri)
        if found is not None:
            fleet, path = found
            fleet.show(path, None)
            self.later(fleet, path)
            self._uris.pop((fleet.root, path), None)

    def look_again(self, uris: Iterable[str]) -> None:
        """Files have changed on disk."""
        for fleet in {id(found[0]): found[0] for uri in uris if (found := self.place(uri))}.values():
            fleet.reload()
            self.later(fleet, "")

    def later(self, fleet: EditedFleet, path: str) -> None:
        """Publish what a change does once nothing has been typed for a moment; a newer change begins anew."""
        waiting = self._waiting.pop(fleet.root, None)
        if waiting is not None:
            waiting.cancel()
        wait = min(self._cost, _LONGEST_WAIT) if fleet.is_of_setup(path) else _QUICK
        loop = asyncio.get_running_loop()
        self._waiting[fleet.root] = loop.call_later(wait, self._publish_soon, fleet)

    async def now(self, fleet: EditedFleet) -> Snapshot | None:
        """The newest state; None where the folder has gone.

        It is compiled in another thread: until then, other messages are answered, and whoever waits may be cancelled.
        """
        try:
            while not fleet.is_settled:
                begun = monotonic()
                await asyncio.shield(self._compiled(fleet))
                self._cost = max(_QUICK, monotonic() - begun)
        except OSError:
            return None
        return fleet.latest

    def _compiled(self, fleet: EditedFleet) -> "asyncio.Future[Snapshot]":
        """The compile of a fleet that is under way, or a new one."""
        running = self._compiling.get(fleet.root)
        if running is None or running.done():
            running = asyncio.ensure_future(asyncio.to_thread(fleet.snapshot))
            # Whoever waited for it may be gone when it fails.
            running.add_done_callback(lambda done: done.cancelled() or done.exception())
            self._compiling[fleet.root] = running
        return running

    def _publish_soon(self, fleet: EditedFleet) -> None:
        self._waiting.pop(fleet.root, None)
        publishing = asyncio.ensure_future(self._publish_newest(fleet))
        self._publishing.add(publishing)
        publishing.add_done_callback(self._publishing.discard)

    async def _publish_newest(self, fleet: EditedFleet) -> None:
        now = await self.now(fleet)
        if self.fleets.get(fleet.root) is fleet:
            self.publish(fleet, now)

    def publish(self, fleet: EditedFleet, now: Snapshot | None) -> None:
        """Send the diagnostics of every file whose diagnostics have changed, and of those that were touched."""
        by_path = {} if now is None else now.by_path
        sources: dict[str, Source | None] = {}

        def source(path: str) -> Source | None:
            if path not in sources:
                sources[path] = None if now is None else now.source(path)
            return sources[path]

        def uri(path: str) -> str:
            return self.uri(fleet.root, path)

        # Where a place is to the client depends on the text before it.
        told = {path: (each, now and now.file(path)) for path, each in by_path.items()}
        before = self._published.get(fleet.root, {})
        self._published[fleet.root] = told
        touched = {path for root, path in self._touched if root == fleet.root}
        self._touched -= {(fleet.root, path) for path in touched}
        changed = {path for path in before.keys() | told.keys() if before.get(path) != told.get(path)}
        # What was typed in comes last: whoever has its answer has all.
        for path in sorted(changed | touched, key=lambda one: (one in touched, one)):
            faults = by_path.get(path, ())
            self._send(uri(path), [wire.diagnostic(fault, source, uri, self.units) for fault in faults])

    def forget(self, folders: Iterable[str]) -> None:
        """Folders have left the workspace: nothing is shown of the repositories in them."""
        for folder in map(Path, filter(None, map(to_fs_path, folders))):
            for root in [one for one in self.fleets if one.is_relative_to(folder)]:
                self.publish(self.fleets.pop(root), None)

    def _send(self, uri: str, diagnostics: list[types.Diagnostic]) -> None:
        document = self.document(uri)
        version = None if document is None else document.version
        self.text_document_publish_diagnostics(
            types.PublishDiagnosticsParams(uri=uri, diagnostics=diagnostics, version=version)
        )

    def open_folders(self, folders: Iterable[str]) -> None:
        """Find the repositories in folders of the workspace, and publish what is wrong in them."""
        for name in filter(None, map(to_fs_path, folders)):
            for root in roots_below(Path(name)):
                self.later(self.add(root), "")

    def fail(self, _: Any, context: dict[str, Any]) -> None:  # noqa: ANN401
        """A callback has failed: the server lives on."""
        error = context.get("exception")
        self.report_server_error(error if isinstance(error, Exception) else RuntimeError(), None)


def _on_disk(file: Path) -> bytes | None:
    try:
        return file.read_bytes()
    except OSError:
        return None


def source_in(text: str, path: str) -> Source:
    """A text as the compiler reads it."""
    return source_of(File(path, text.encode(errors="surrogatepass")))


def following(today: Callable[[], date]) -> FleetServer:
    """The server that follows what is typed, and answers nothing yet."""
    # What the library logs quotes messages, and so texts of files.
    library = logging.getLogger("pygls")
    library.addHandler(logging.NullHandler())
    library.propagate = False
    server = FleetServer(today)
    _follow(server)
    return server


def _follow(server: FleetServer) -> None:
    """Follow what happens to documents and files."""

    @server.feature(types.INITIALIZED)
    def _initialized(_: types.InitializedParams) -> None:
        asyncio.get_running_loop().set_exception_handler(server.fail)
        folders = server.workspace.folders or (
            [server.workspace.root_uri] if server.workspace.root_uri else []
        )
        server.open_folders(folders)
        watching = server.client_capabilities.workspace and (
            server.client_capabilities.workspace.did_change_watched_files
        )
        if watching and watching.dynamic_registration:
            options = types.DidChangeWatchedFilesRegistrationOptions(
                # A folder that goes is told by its own name alone.
                watchers=[
                    types.FileSystemWatcher(glob_pattern=pattern)
                    for pattern in ("**/*.{yaml,yml,json}", "**/models.d", "**/models.d/**")
                ]
            )
            server.client_register_capability(
                types.RegistrationParams(
                    registrations=[
                        types.Registration(
                            id="files",
                            method=types.WORKSPACE_DID_CHANGE_WATCHED_FILES,
                            register_options=options,
                        )
                    ]
                )
            )

    @server.feature(types.TEXT_DOCUMENT_DID_OPEN)
    def _opened(params: types.DidOpenTextDocumentParams) -> None:
        server.take(params.text_document.uri, may_be_saved=True)

    @server.feature(types.TEXT_DOCUMENT_DID_CHANGE)
    def _changed(params: types.DidChangeTextDocumentParams) -> None:
        server.take(params.text_document.uri, may_be_saved=False)

    @server.feature(types.TEXT_DOCUMENT_DID_SAVE)
    def _saved(params: types.DidSaveTextDocumentParams) -> None:
        server.take(params.text_document.uri, may_be_saved=True)

    @server.feature(types.TEXT_DOCUMENT_DID_CLOSE)
    def _closed(params: types.DidCloseTextDocumentParams) -> None:
        server.drop(params.text_document.uri)

    @server.feature(types.WORKSPACE_DID_CHANGE_WATCHED_FILES)
    def _watched(params: types.DidChangeWatchedFilesParams) -> None:
        server.look_again(one.uri for one in params.changes)

    @server.feature(types.WORKSPACE_DID_CHANGE_WORKSPACE_FOLDERS)
    def _folders(params: types.DidChangeWorkspaceFoldersParams) -> None:
        server.forget(folder.uri for folder in params.event.removed)
        server.open_folders(folder.uri for folder in params.event.added)
