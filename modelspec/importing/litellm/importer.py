"""LiteLLM's proxy configuration as models."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from modelspec.diagnose.refusal import Refusal
from modelspec.importing.draft import (
    Imported,
    ModelDraft,
    Note,
    NoteKind,
    Wishes,
    is_legal,
    is_pattern,
    legal_id,
)
from modelspec.importing.ledger import Ledger, place_of
from modelspec.importing.litellm.config import Config, Part, read_config
from modelspec.importing.litellm.fallbacks import fallbacks
from modelspec.importing.litellm.groups import deployments
from modelspec.importing.litellm.info import Remarks, info_of, record_of
from modelspec.importing.litellm.settings import as_mapping, router_options, tell_the_rest
from modelspec.importing.litellm.upstream import ImportedUpstream, UpstreamReader
from modelspec.importing.litellm.values import Values, Variables, is_key, named_variables
from modelspec.load.foreign import Foreign
from modelspec.text.quote import quote

_LONGEST_NAME = 128


class LiteLLM:
    """`modelspec import litellm CONFIG.yaml`."""

    name = "litellm"

    def read(self, source: Path, wishes: Wishes) -> Imported | Refusal:
        """Read a configuration, whole."""
        ledger = Ledger()
        config = read_config(source, ledger)
        if isinstance(config, Refusal):
            return config
        return _Run(config, wishes, ledger).imported()


class _Run:
    """One import: the parts of it share the ledger and the names."""

    def __init__(self, config: Config, wishes: Wishes, ledger: Ledger) -> None:
        self._config = config
        self._wishes = wishes
        self._ledger = ledger
        roots = [document for part in config.parts for document in (*part.documents, part.root)]
        self._values = Values(ledger, Variables(named_variables(roots)))
        self._remarks = Remarks(config.parts, ledger)
        sections = (config.section("router_settings"), config.section("litellm_settings"))
        self._sections = [section for section in sections if section is not None]

    def imported(self) -> Imported | Refusal:
        groups = self._groups()
        ids = self._ids(groups)
        clash = _clash(ids, groups)
        if clash is not None:
            return clash
        reader = UpstreamReader(
            self._ledger,
            self._values,
            self._credentials(),
            self._wishes.regions,
            for_litellm=self._wishes.for_litellm,
        )
        upstreams: dict[str, list[ImportedUpstream]] = {}
        for name in ids:
            found = [u for entry in groups[name] if (u := reader.upstream(entry, name)) is not None]
            if found:
                upstreams[name] = found
        names = {name: ids[name] for name in upstreams}
        aliases = self._aliases(names)
        chosen = fallbacks(
            self._sections,
            {**{alias: names[target] for alias, (target, _) in aliases.items()}, **names},
            list(names.values()),
            self._ledger,
        )
        models = [self._draft(name, names[name], found, aliases, chosen) for name, found in upstreams.items()]
        wanted = self._wishes.wanted
        models = [model for model in models if wanted is None or wanted(model.fields)]
        kept = not self._wishes.into_existing
        options, places = router_options(self._sections, self._ledger, kept=kept)
        self._remarks.tell_the_rest()
        for part in self._config.parts:
            tell_the_rest(part.documents, part.root, self._ledger, _aliased(part))
        return Imported(models=models, notes=self._notes(), litellm=options, litellm_places=places)

    def _groups(self) -> dict[str, list[Foreign]]:
        """The entries by their model_name, in the order of the file."""
        groups: dict[str, list[Foreign]] = {}
        for entry in self._config.entries("model_list"):
            name = entry.entries.get("model_name")
            if (
                name is None
                or name.value is None
                or name.entries
                or name.items
                or not str(name.value).strip()
            ):
                self._ledger.tell(
                    NoteKind.SUSPICIOUS, entry, "an entry of model_list", "it has no model_name: not carried"
                )
                continue
            if is_key(str(name.value)):
                self._ledger.tell(
                    NoteKind.SECRET,
                    entry,
                    "an entry of model_list",
                    "its model_name is a key: rotate it; not carried",
                )
                continue
            self._ledger.carried(name)
            groups.setdefault(str(name.value), []).append(entry)
        return groups

    def _ids(self, groups: Mapping[str, Sequence[Foreign]]) -> dict[str, str]:
        """LiteLLM's names to ours, those aside that no id can stand for."""
        ids = {name: name for name in groups if is_legal(name)}
        taken = {name.lower() for name in ids}
        ordered: dict[str, str] = {}
        for name, entries in groups.items():
            if name in ids:
                ordered[name] = name
                continue
            node = entries[0].entries["model_name"]
            wanted = legal_id(name) or ("" if is_pattern(name) else "model")
            if (
                (is_pattern(name) and not name.endswith("/*"))
                or not wanted
                or "*" in wanted.removesuffix("/*")
            ):
                why = "a wildcard ends in '/*' here, behind a prefix"
                for entry in entries:
                    self._ledger.tell(NoteKind.LOST, entry, f"the model {quote(name)}", f"{why}: not carried")
                continue
            number, unique = 1, wanted
            while unique.lower() in taken:
                number += 1
                unique = f"{wanted.removesuffix('/*')}-{number}{'/*' if wanted.endswith('/*') else ''}"
            taken.add(unique.lower())
            ordered[name] = unique
            self._ledger.remark_node(
                NoteKind.CHANGED,
                node,
                f"the name {quote(name)}",
                f"an id cannot hold it: clients must send {quote(unique)} now",
            )
        return ordered

    def _credentials(self) -> dict[str, Foreign]:
        found: dict[str, Foreign] = {}
        for item in self._config.entries("credential_list"):
            name, values = item.entries.get("credential_name"), item.entries.get("credential_values")
            if name is not None and isinstance(name.value, str) and values is not None and values.entries:
                self._ledger.carried(name)
                found[name.value] = values
        return found

    def _aliases(self, names: Mapping[str, str]) -> dict[str, tuple[str, Foreign]]:
        """Aliases to the model_name that each stands for."""
        found: dict[str, tuple[str, Foreign]] = {}
        taken = {name.lower() for name in (*names, *names.values())}
        router = self._config.section("router_settings")
        for alias, node in as_mapping(as_mapping(router).get("model_group_alias")).items():
            target = node.entries.get("model", node)
            hidden = node.entries.get("hidden")
            objection = None
            if not isinstance(target.value, str) or target.value not in names:
                objection = "it stands for no model of this file: left out"
            elif not is_legal(alias) or is_key(alias):
                objection = "an id cannot hold this name: left out"
            elif alias.lower() in taken:
                objection = "a model or alias has that name already, by case at most another: left out"
            if objection is not None:
                self._ledger.tell(NoteKind.SUSPICIOUS, node, f"the alias {quote(alias)}", objection)
                continue
            self._ledger.carried(target)
            if hidden is not None:
                self._ledger.tell(
                    NoteKind.LOST,
                    hidden,
                    f"the alias {quote(alias)}",
                    "aliases are not hidden from lists here",
                )
            taken.add(alias.lower())
            found[alias] = (str(target.value), target)
        return found

    def _draft(
        self,
        name: str,
        model_id: str,
        upstreams: Sequence[ImportedUpstream],
        aliases: Mapping[str, tuple[str, Foreign]],
        chosen: Mapping[str, tuple[object, Foreign]],
    ) -> ModelDraft:
        entries = [upstream.node for upstream in upstreams]
        fields: dict[str, object] = {"model_id": model_id, "name": _title(name, model_id)}
        served, places = deployments(upstreams, model_id, self._wishes.home, self._ledger)
        fields.update(served)
        own = place_of(entries[0].entries["model_name"])
        places.update({(): own, ("model_id",): own, ("name",): own})
        if model_id in chosen:
            value, node = chosen[model_id]
            fields["fallback_models"] = value
            places["fallback_models",] = place_of(node)
        mine = [(alias, node) for alias, (target, node) in aliases.items() if target == name]
        if mine:
            fields["aliases"] = [alias for alias, _ in mine]
            places["aliases",] = place_of(mine[0][1])
        info = info_of(entries, model_id, self._ledger, places)
        record = record_of([upstream.rest for upstream in upstreams])
        if record is not None:
            info["metadata"] = {**info.get("metadata", {}), "litellm_params": record}
            places.setdefault(("metadata",), own)
        fields.update(info)
        return ModelDraft(
            model_id=model_id,
            fields=fields,
            places=places,
            comments=list(self._remarks.of(entries, model_id)),
        )

    def _notes(self) -> list[Note]:
        return self._ledger.notes


def _title(name: str, model_id: str) -> str:
    title = name.strip()
    if len(title) > _LONGEST_NAME or not title.isprintable() or is_key(title):
        return model_id
    return title


def _clash(ids: Mapping[str, str], groups: Mapping[str, Sequence[Foreign]]) -> Refusal | None:
    first: dict[str, str] = {}
    for name, model_id in ids.items():
        other = first.setdefault(model_id.lower(), name)
        if other != name:
            places = [groups[each][0].entries["model_name"] for each in (other, name)]
            where = " and ".join(f"{node.path}:{node.span.line}:{node.span.column}" for node in places)
            return Refusal(
                message=f"the names {quote(other)} and {quote(name)} differ by case only ({where})",
                help="rename one in the configuration, or make both deployments of one name, then import again",
            )
    return None


def _aliased(part: Part) -> frozenset[str]:
    """Keys of the top that only hold what anchors repeat, by the custom of their names."""
    return frozenset(name for name in part.root.entries if name.startswith(("x-", ".", "_")))
