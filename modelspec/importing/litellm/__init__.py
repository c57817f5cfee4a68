"""LiteLLM's proxy configuration as models, and notes on everything that has no place in a fleet."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from modelspec.diagnose.refusal import Refusal
from modelspec.fleet.model import prefix_of
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
from modelspec.importing.litellm.fallbacks import FallbackModels, fallbacks, note_aliases
from modelspec.importing.litellm.groups import deployments, info_of, record_of
from modelspec.importing.litellm.own import own_settings
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


@dataclass(frozen=True, slots=True, kw_only=True)
class _Drafts:
    """What all models share: aliases with the model_name that each means, and fallbacks by id."""

    aliases: Mapping[str, tuple[str, Foreign]]
    chosen: Mapping[str, tuple[FallbackModels, Foreign]]
    values: Values


class _Run:
    """One import, whose steps share the ledger and the names."""

    def __init__(self, config: Config, request: ImportRequest, to: ImportDestination, ledger: Ledger) -> None:
        self._config = config
        self._request = request
        self._to = to
        self._ledger = ledger
        self._remarks = Remarks({part.root.path: part.comments for part in config.parts}, ledger)
        named = {name: config.section(name) for name in ("router_settings", "litellm_settings")}
        self._named = {name: section for name, section in named.items() if section is not None}
        self._sections = [*self._named.values()]

    def imported(self) -> Imported | Refusal:
        groups = self._groups()
        ids = self._ids(groups)
        clash = _clash(ids, groups)
        if clash is not None:
            return clash
        roots = [document for part in self._config.parts for document in (*part.documents, part.root)]
        values = Values(self._ledger, Variables(named_variables(roots)))
        reader = UpstreamReader(
            ledger=self._ledger,
            values=values,
            credentials=self._credentials(),
            handlers=self._handlers(),
            is_weighted=self._is_weighted(),
            to=self._to,
        )
        upstreams: dict[str, list[ImportedUpstream]] = {}
        moved = self._moved(ids)
        for name in [name for name in ids if name not in moved]:
            found = [u for entry in groups[name] if (u := reader.upstream(entry, name)) is not None]
            if found:
                upstreams[name] = self._real(name, found)
        self._shadowed(groups, moved, upstreams)
        names = {name: ids[name] for name in upstreams}
        aliases = self._aliases(names)
        known = {**{alias: names[target] for alias, (target, _) in aliases.items()}, **names}
        chosen = fallbacks(self._sections, known, list(names.values()), self._ledger)
        note_aliases(self._sections, aliases, self._ledger)
        self._note_disabled(
            chosen, {names[name] for name, found in upstreams.items() if all(u.is_mock for u in found)}
        )
        drafts = _Drafts(aliases=aliases, chosen=chosen, values=values)
        models = [self._draft(name, names[name], found, drafts) for name, found in upstreams.items()]
        models = list(filter(self._request.wants, models))
        options, spots = router_options(self._named, self._ledger, kept=self._to.tree is None)
        sections = self._config.sections() if self._to.tree is None else {}
        own, own_spots = own_settings(sections, self._ledger, values)
        self._remarks.note_the_rest()
        for part in self._config.parts:
            note_the_rest(part.documents, part.root, self._ledger)
        return Imported(
            models=models,
            notes=self._ledger.notes,
            litellm=options,
            litellm_spots=spots,
            own=own,
            own_spots=own_spots,
            variables=values.moved,
        )

    def _moved(self, ids: Mapping[str, str]) -> dict[str, str]:
        """Models whose own name is an alias of another one: LiteLLM never calls their deployments."""
        given = as_mapping(as_mapping(self._config.section("router_settings")).get("model_group_alias"))
        targets = {alias: str(node.entries.get("model", node).value) for alias, node in given.items()}
        return {
            alias: target
            for alias, target in targets.items()
            if alias in ids
            and target in ids
            and target != alias
            # Through another alias, its deployments are called all the same.
            and alias not in targets.values()
            and target not in targets
        }

    def _shadowed(
        self,
        groups: Mapping[str, Sequence[Foreign]],
        moved: Mapping[str, str],
        upstreams: Mapping[str, object],
    ) -> None:
        for name, target in moved.items():
            why = f"LiteLLM sends all its requests to {quote(target)}, of which it is an alias now"
            if target not in upstreams:
                why = f"LiteLLM sends all its requests to {quote(target)}, which is not imported either"
            for entry in groups[name]:
                advice = "to have both, rename one in the source, and import again"
                self._ledger.note(NoteKind.ABSENT, entry, f"the model {quote(name)}", f"{why}; {advice}")

    def _note_disabled(
        self, chosen: Mapping[str, tuple[FallbackModels, Foreign]], disabled: Collection[str]
    ) -> None:
        for model_id, (found, node) in chosen.items():
            lists = found.values() if isinstance(found, Mapping) else (found,)
            for target in dict.fromkeys(one for names in lists for one in names if one in disabled):
                why = f"{quote(target)} is disabled, since LiteLLM itself answers for it"
                self._ledger.remark(NoteKind.ABSENT, node.spot, f"fallbacks of {quote(model_id)}", why)

    def _real(self, name: str, found: list[ImportedUpstream]) -> list[ImportedUpstream]:
        """The deployments of a model without those that LiteLLM invents answers for, if there are others."""
        real = [upstream for upstream in found if not upstream.is_mock]
        for upstream in found:
            if upstream.is_mock and real:
                why = "one of its deployments is a mock: left out"
                self._ledger.note(NoteKind.ABSENT, upstream.node, f"the model {quote(name)}", why)
        return real or found

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
            stem, wildcard = wanted.removesuffix("/*"), "/*" if prefix_of(wanted) else ""
            if (is_pattern and not prefix_of(name)) or not wanted or "*" in stem:
                why = "a wildcard here is '*' alone, or a prefix and '/*': not imported"
                for entry in entries:
                    self._ledger.note(NoteKind.ABSENT, entry, f"the model {quote(name)}", why)
                continue
            number, unique = 1, wanted
            while unique.lower() in taken:
                number += 1
                unique = f"{stem}-{number}{wildcard}"
            taken.add(unique.lower())
            ids[name] = unique
            why = f"not a valid model_id: clients must send {quote(unique)} now"
            spot = entries[0].entries["model_name"].spot
            self._ledger.remark(NoteKind.BREAKS, spot, f"the name {quote(name)}", why)
        return ids

    def _credentials(self) -> dict[str, Foreign]:
        found: dict[str, Foreign] = {}
        for item in self._config.entries("credential_list"):
            name, values = item.entries.get("credential_name"), item.entries.get("credential_values")
            if name is not None and isinstance(name.value, str) and values is not None and values.entries:
                self._ledger.carried(name)
                found[name.value] = values
        return found

    def _handlers(self) -> frozenset[str]:
        """The providers that are Python code of the gateway."""
        library = as_mapping(self._config.section("litellm_settings"))
        items = library["custom_provider_map"].items if "custom_provider_map" in library else ()
        return frozenset(str(one.entries["provider"].value) for one in items if "provider" in one.entries)

    def _is_weighted(self) -> bool:
        given = as_mapping(self._config.section("router_settings")).get("routing_strategy")
        return self._to.tree is not None or given is None or given.value in (None, "simple-shuffle")

    def _aliases(self, names: Mapping[str, str]) -> dict[str, tuple[str, Foreign]]:
        """Aliases to the model_name that each means."""
        found: dict[str, tuple[str, Foreign]] = {}
        taken = {name.lower() for name in (*names, *names.values())}
        router = self._config.section("router_settings")
        for alias, node in as_mapping(as_mapping(router).get("model_group_alias")).items():
            what = f"the alias {quote(alias)}"
            target = node.entries.get("model", node)
            if target.value == alias:
                self._ledger.carried(target)
                continue
            objection, kind = None, NoteKind.SUSPICIOUS
            if not isinstance(target.value, str) or target.value not in names:
                objection = "its model is not in this file: left out"
            elif not is_legal(alias) or is_key(alias):
                objection, kind = "not a valid model_id: left out", NoteKind.BREAKS
            elif alias.lower() in taken:
                objection = "a model or alias already has that name, ignoring case: left out"
                kind = NoteKind.ELSEWHERE
            if objection is not None:
                self._ledger.note(kind, node, what, objection)
                continue
            self._ledger.carried(target)
            if "hidden" in node.entries:
                why = "aliases cannot be hidden here"
                self._ledger.note(NoteKind.DIFFERENT, node.entries["hidden"], what, why)
            taken.add(alias.lower())
            found[alias] = (str(target.value), target)
        return found

    def _draft(
        self,
        name: str,
        model_id: str,
        upstreams: Sequence[ImportedUpstream],
        shared: "_Drafts",
    ) -> ModelDraft:
        entries = [upstream.node for upstream in upstreams]
        title = name.strip()
        served, spots = deployments(upstreams, model_id, self._to, shared.values, self._ledger)
        fields: dict[str, object] = {
            "model_id": model_id,
            "name": model_id if is_key(title) else title_of(title, model_id),
            **served,
        }
        own = entries[0].entries["model_name"].spot
        spots.update({(): own, ("model_id",): own, ("name",): own})
        if all(upstream.is_mock for upstream in upstreams):
            fields["status"] = "disabled"
        if model_id in shared.chosen:
            fields["fallback_models"], node = shared.chosen[model_id]
            spots["fallback_models",] = node.spot
        mine = {alias: node for alias, (target, node) in shared.aliases.items() if target == name}
        if mine:
            fields["aliases"] = list(mine)
            spots["aliases",] = next(iter(mine.values())).spot
        info = info_of(entries, model_id, self._ledger, spots)
        record = record_of([upstream.rest for upstream in upstreams])
        if record is not None:
            info["metadata"] = {**info.get("metadata", {}), "litellm_params": record}
            spots.setdefault(("metadata",), own)
        comments = list(self._remarks.of(entries, model_id))
        return ModelDraft(
            model_id=model_id,
            fields={**fields, **info},
            spots=spots,
            comments=comments,
            source_name=name,
            origins=[entry.spot for entry in entries],
        )


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
