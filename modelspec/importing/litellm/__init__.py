"""LiteLLM's proxy configuration as models, and notes on everything that has no place in a fleet."""

from collections.abc import Mapping, Sequence

from modelspec.diagnose.refusal import Refusal
from modelspec.importing.destination import ImportDestination
from modelspec.importing.draft import (
    Imported,
    ImportRequest,
    Ledger,
    ModelDraft,
    NoteKind,
    is_legal,
    legal_id,
    title_of,
)
from modelspec.importing.litellm.comments import Remarks
from modelspec.importing.litellm.config import Config, read_config
from modelspec.importing.litellm.fallbacks import FallbackModels, fallbacks
from modelspec.importing.litellm.groups import deployments, info_of, record_of
from modelspec.importing.litellm.settings import as_mapping, note_the_rest, router_options
from modelspec.importing.litellm.upstream import ImportedUpstream, UpstreamReader
from modelspec.importing.litellm.values import Values, Variables, is_key, named_variables
from modelspec.load.foreign import Foreign
from modelspec.text.quote import quote


class LiteLLM:
    """`modelspec import litellm CONFIG.yaml`."""

    name = "litellm"

    def read(self, request: ImportRequest, to: ImportDestination) -> Imported | Refusal:
        """Read a configuration with everything that it includes."""
        ledger = Ledger()
        config = read_config(request.source, ledger)
        return config if isinstance(config, Refusal) else _Run(config, request, to, ledger).imported()


class _Run:
    """One import, whose steps share the ledger and the names."""

    def __init__(self, config: Config, request: ImportRequest, to: ImportDestination, ledger: Ledger) -> None:
        self._config = config
        self._request = request
        self._to = to
        self._ledger = ledger
        self._remarks = Remarks({part.root.path: part.comments for part in config.parts}, ledger)
        sections = (config.section("router_settings"), config.section("litellm_settings"))
        self._sections = [section for section in sections if section is not None]

    def imported(self) -> Imported | Refusal:
        groups = self._groups()
        ids = self._ids(groups)
        clash = _clash(ids, groups)
        if clash is not None:
            return clash
        roots = [document for part in self._config.parts for document in (*part.documents, part.root)]
        reader = UpstreamReader(
            ledger=self._ledger,
            values=Values(self._ledger, Variables(named_variables(roots))),
            credentials=self._credentials(),
            to=self._to,
        )
        upstreams: dict[str, list[ImportedUpstream]] = {}
        for name in ids:
            found = [u for entry in groups[name] if (u := reader.upstream(entry, name)) is not None]
            if found:
                upstreams[name] = found
        names = {name: ids[name] for name in upstreams}
        aliases = self._aliases(names)
        known = {**{alias: names[target] for alias, (target, _) in aliases.items()}, **names}
        chosen = fallbacks(self._sections, known, list(names.values()), self._ledger)
        models = [self._draft(name, names[name], found, aliases, chosen) for name, found in upstreams.items()]
        models = list(filter(self._request.wants, models))
        options, spots = router_options(self._sections, self._ledger, kept=self._to.tree is None)
        self._remarks.note_the_rest()
        for part in self._config.parts:
            note_the_rest(part.documents, part.root, self._ledger)
        return Imported(models=models, notes=self._ledger.notes, litellm=options, litellm_spots=spots)

    def _groups(self) -> dict[str, list[Foreign]]:
        """The entries by model_name, in the order of the file."""
        groups: dict[str, list[Foreign]] = {}
        what = "an entry of model_list"
        for entry in self._config.entries("model_list"):
            node = entry.entries.get("model_name")
            name = "" if node is None or node.value is None or node.entries or node.items else str(node.value)
            if not name.strip():
                self._ledger.note(NoteKind.SUSPICIOUS, entry, what, "it has no model_name: not imported")
            elif is_key(name):
                why = "its model_name is a key: rotate it; not imported"
                self._ledger.note(NoteKind.SECRET, entry, what, why)
            else:
                self._ledger.carried(node)
                groups.setdefault(name, []).append(entry)
        return groups

    def _ids(self, groups: Mapping[str, Sequence[Foreign]]) -> dict[str, str]:
        """LiteLLM's names to our ids, without names that have none."""
        taken = {name.lower() for name in groups if is_legal(name)}
        ids: dict[str, str] = {}
        for name, entries in groups.items():
            if is_legal(name):
                ids[name] = name
                continue
            is_pattern = "*" in name
            wanted = legal_id(name) or ("" if is_pattern else "model")
            stem, wildcard = wanted.removesuffix("/*"), "/*" if wanted.endswith("/*") else ""
            if (is_pattern and not name.endswith("/*")) or not wanted or "*" in stem:
                why = "a wildcard here is a prefix and '/*': not imported"
                for entry in entries:
                    self._ledger.note(NoteKind.LOST, entry, f"the model {quote(name)}", why)
                continue
            number, unique = 1, wanted
            while unique.lower() in taken:
                number += 1
                unique = f"{stem}-{number}{wildcard}"
            taken.add(unique.lower())
            ids[name] = unique
            why = f"not a valid model_id: clients must send {quote(unique)} now"
            spot = entries[0].entries["model_name"].spot
            self._ledger.remark(NoteKind.CHANGED, spot, f"the name {quote(name)}", why)
        return ids

    def _credentials(self) -> dict[str, Foreign]:
        found: dict[str, Foreign] = {}
        for item in self._config.entries("credential_list"):
            name, values = item.entries.get("credential_name"), item.entries.get("credential_values")
            if name is not None and isinstance(name.value, str) and values is not None and values.entries:
                self._ledger.carried(name)
                found[name.value] = values
        return found

    def _aliases(self, names: Mapping[str, str]) -> dict[str, tuple[str, Foreign]]:
        """Aliases to the model_name that each means."""
        found: dict[str, tuple[str, Foreign]] = {}
        taken = {name.lower() for name in (*names, *names.values())}
        router = self._config.section("router_settings")
        for alias, node in as_mapping(as_mapping(router).get("model_group_alias")).items():
            what = f"the alias {quote(alias)}"
            target = node.entries.get("model", node)
            objection = None
            if not isinstance(target.value, str) or target.value not in names:
                objection = "its model is not in this file: left out"
            elif not is_legal(alias) or is_key(alias):
                objection = "not a valid model_id: left out"
            elif alias.lower() in taken:
                objection = "a model or alias already has that name, ignoring case: left out"
            if objection is not None:
                self._ledger.note(NoteKind.SUSPICIOUS, node, what, objection)
                continue
            self._ledger.carried(target)
            if "hidden" in node.entries:
                why = "aliases cannot be hidden here"
                self._ledger.note(NoteKind.LOST, node.entries["hidden"], what, why)
            taken.add(alias.lower())
            found[alias] = (str(target.value), target)
        return found

    def _draft(
        self,
        name: str,
        model_id: str,
        upstreams: Sequence[ImportedUpstream],
        aliases: Mapping[str, tuple[str, Foreign]],
        chosen: Mapping[str, tuple[FallbackModels, Foreign]],
    ) -> ModelDraft:
        entries = [upstream.node for upstream in upstreams]
        title = name.strip()
        served, spots = deployments(upstreams, model_id, self._to.region, self._ledger)
        fields: dict[str, object] = {
            "model_id": model_id,
            "name": model_id if is_key(title) else title_of(title, model_id),
            **served,
        }
        own = entries[0].entries["model_name"].spot
        spots.update({(): own, ("model_id",): own, ("name",): own})
        if model_id in chosen:
            fields["fallback_models"], node = chosen[model_id]
            spots["fallback_models",] = node.spot
        mine = {alias: node for alias, (target, node) in aliases.items() if target == name}
        if mine:
            fields["aliases"] = list(mine)
            spots["aliases",] = next(iter(mine.values())).spot
        info = info_of(entries, model_id, self._ledger, spots)
        record = record_of([upstream.rest for upstream in upstreams])
        if record is not None:
            info["metadata"] = {**info.get("metadata", {}), "litellm_params": record}
            spots.setdefault(("metadata",), own)
        comments = list(self._remarks.of(entries, model_id))
        return ModelDraft(model_id=model_id, fields={**fields, **info}, spots=spots, comments=comments)


def _clash(ids: Mapping[str, str], groups: Mapping[str, Sequence[Foreign]]) -> Refusal | None:
    first: dict[str, str] = {}
    for name, model_id in ids.items():
        other = first.setdefault(model_id.lower(), name)
        if other != name:
            spots = [groups[each][0].entries["model_name"].spot for each in (other, name)]
            where = " and ".join(f"{spot.path}:{spot.line}:{spot.span.column}" for spot in spots)
            return Refusal(
                message=f"the names {quote(other)} and {quote(name)} differ only by case ({where})",
                help="rename one of them, or use one name for both deployments, then import again",
            )
    return None
