"""Settings of the proxy that are not ours, as the file that `target_options.litellm.include` names."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from math import isfinite

from modelspec.gateways.litellm.own import faults
from modelspec.importing.draft import OWN_FILE, Ledger, NoteKind
from modelspec.importing.litellm.settings import CHECK, is_misplaced, is_written_out
from modelspec.importing.litellm.values import Values, is_key, may_be_copied, names_secret
from modelspec.load.foreign import Foreign
from modelspec.text.quote import quote
from modelspec.text.source import Spot

_SECTIONS = ("general_settings", "router_settings", "litellm_settings")
_NOT_OURS = ("model_list", "credential_list", "include", "environment_variables")
_MASTER = ("general_settings", "master_key")
_LOG = "modelspec_log.handler"
_OF_BUILDS = ("modelspec", "telemetry", "turn_off_message_logging")
"""What a configuration that modelspec wrote has among `litellm_settings`."""
_PYTHON = re.compile(r"[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+")
_DEEPEST = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnSettings:
    """Copies what no model needs; `found` maps sections to settings, `spots` are their places."""

    ledger: Ledger
    values: Values
    found: dict[str, object]
    spots: list[Spot]

    def add(self, section: str, node: Foreign) -> None:
        """One section of the source, without what is accounted for and what modelspec decides."""
        if section in _NOT_OURS or section.startswith(("x-", ".", "_")):
            return
        if section not in _SECTIONS:
            if not is_misplaced((section,)) and self._is_new(node):
                self._take((section,), node)
            return
        if "modelspec" in node.entries:
            self.ledger.carried(*(node.entries.get(name) for name in _OF_BUILDS))
        for name, entry in node.entries.items():
            if not is_misplaced((section, name)) and self._is_new(entry):
                self._take((section, name), entry)

    def _is_new(self, node: Foreign) -> bool:
        return any(not pointer for pointer, _ in self.ledger.unknown(node))

    def _take(self, pointer: tuple[str, ...], node: Foreign) -> None:
        what = ".".join(pointer)
        if pointer == _MASTER:
            self._master(node)
            return
        names = [pointer[-1], *_names(node)]
        if any(map(is_key, pointer)) or not self._is_sound(node) or any(names_secret(n, "") for n in names):
            return
        value = self._copy(node, pointer[-1])
        if isinstance(value, list) and pointer[-1] in ("optional_pre_call_checks", "callbacks"):
            value = [one for one in value if one not in (CHECK, _LOG)]
            if not value:
                self.ledger.carried(node)
                return
        setting = {pointer[0]: {pointer[1]: value} if len(pointer) > 1 else value}
        fault = next(faults(setting), None)
        if fault is not None:
            self.ledger.note(NoteKind.DIFFERENT, node, what, f"{fault[2]}: {fault[3]}")
            return
        self.ledger.carried(node)
        self.spots.append(node.spot)
        if len(pointer) > 1:
            inner = self.found.setdefault(pointer[0], {})
            assert isinstance(inner, dict)
            inner[pointer[1]] = value
        else:
            self.found[pointer[0]] = value
        names = [str(leaf.value) for leaf in node.leaves() if _PYTHON.fullmatch(str(leaf.value))]
        if names and ("callback" in what or "custom" in what):
            why = f"it names Python code, {quote(names[0])}: put that file beside the generated configuration"
            self.ledger.remark(NoteKind.BREAKS, node.spot, what, why)

    def _master(self, node: Foreign) -> None:
        why = "it is LITELLM_MASTER_KEY in the gateway's environment"
        if is_written_out("master_key", node.value):
            self.ledger.note(
                NoteKind.SECRET, node, ".".join(_MASTER), f"written out here: rotate it; {why} now"
            )
        else:
            self.ledger.note(NoteKind.CHANGED, node, ".".join(_MASTER), f"{why} now")

    def _is_sound(self, node: Foreign, depth: int = 0) -> bool:
        """Whether all of it can be written: what cannot is noted with the rest."""
        if depth > _DEEPEST or any(is_key(name) or not may_be_copied(name) for name in node.entries):
            return False
        value = node.value
        if isinstance(value, str) and not is_key(value) and not value.startswith("os.environ/"):
            return may_be_copied(value)
        if isinstance(value, float):
            return isfinite(value)
        return all(self._is_sound(one, depth + 1) for one in (*node.entries.values(), *node.items))

    def _copy(self, node: Foreign, name: str) -> object:
        if node.entries:
            return {key: self._copy(entry, key) for key, entry in node.entries.items()}
        if node.items:
            return [self._copy(item, name) for item in node.items]
        if is_written_out(name, node.value):
            return f"os.environ/{self.values.secret(node, name, 'gateway')['env']}"
        return list(node.value) if isinstance(node.value, tuple) else node.value


def _names(node: Foreign) -> Iterator[str]:
    for name, entry in node.entries.items():
        yield name
        yield from _names(entry)
    for item in node.items:
        yield from _names(item)


def own_settings(
    sections: Mapping[str, Foreign], ledger: Ledger, values: Values
) -> tuple[Mapping[str, object], list[Spot]]:
    """The settings to include, by section, and where they stand."""
    own = OwnSettings(ledger=ledger, values=values, found={}, spots=[])
    for section, node in sections.items():
        own.add(section, node)
    if own.spots:
        why = f"settings of the gateway, in {OWN_FILE} now, which target_options.litellm.include names"
        for spot in own.spots:
            ledger.remark(NoteKind.CHANGED, spot, "the gateway's own settings", why)
    return own.found, own.spots
