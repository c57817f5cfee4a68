"""Writes a fleet of generated models without a fault: the same files for the same number, on every machine.

Usage: fleet.py FOLDER NUMBER
"""

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

RESIDENCY: dict[str, tuple[str, ...]] = {
    "us": (),
    "eu": ("eu", "no"),
    "uk": ("uk", "eu"),
    "no": ("no", "eu"),
    "ru": ("ru",),
    "cn": ("cn",),
    "br": ("br", "us"),
    "in": ("in",),
    "jp": (),
}
"""Where requests for a region's models may be served; nothing means anywhere."""

HEADS_A_REGION = 3

_REGIONS = tuple(RESIDENCY)
_FAMILIES = (
    "atlas",
    "borealis",
    "cedar",
    "dune",
    "ember",
    "fjord",
    "gale",
    "harbour",
    "iris",
    "juniper",
    "krill",
)
_SIZES = ("1b", "7b", "13b", "70b", "405b")
_KINDS = ("instruct", "base", "code", "embed", "vision")
_TEAMS = ("search", "support", "payments", "research", "platform")
_LICENCES = ("apache-2.0", "mit", "proprietary", "cc-by-4.0")
_LOCAL_NAMES = {"ru": "Модель", "cn": "模型", "br": "Edição", "no": "Språkmodell"}


@dataclass(frozen=True, slots=True)
class Plan:
    """What a model is made from: its number, and one byte for each choice that does not follow from it."""

    number: int
    dice: bytes

    @property
    def family(self) -> str:
        """The product line; it names the folder as well."""
        return _FAMILIES[self.dice[0] % len(_FAMILIES)]

    @property
    def model_id(self) -> str:
        """Unique by its number; every fourth one is below a vendor."""
        name = (
            f"{self.family}-{self.number:06}-{_SIZES[self.dice[1] % len(_SIZES)]}-{_KINDS[self.dice[2] % 5]}"
        )
        return f"acme/{name}" if self.number % 4 == 0 else name

    @property
    def region(self) -> str:
        """The regions take turns."""
        return _REGIONS[self.number % len(_REGIONS)]

    @property
    def heads(self) -> tuple[str, ...]:
        """The priority head, another one of the region and, where residency allows, one of another region."""
        first = self.number // len(_REGIONS) % HEADS_A_REGION
        own = [f"head-{self.region}-{(first + step) % HEADS_A_REGION + 1}" for step in range(2)]
        allowed = RESIDENCY[self.region] or tuple(code for code in _REGIONS if code != "cn")
        others = [code for code in allowed if code != self.region]
        if others:
            own.append(f"head-{others[self.dice[3] % len(others)]}-{self.dice[4] % HEADS_A_REGION + 1}")
        return tuple(own)

    @property
    def shared(self) -> tuple[str, ...]:
        """The heads that share the first tier: those of the region in one model of eight, else only the first."""
        return self.heads[:2] if self.dice[11] % 8 == 0 else self.heads[:1]

    @property
    def path(self) -> str:
        """Folders as people make them: by region, then by family."""
        return f"models.d/{self.region}/{self.family}/{self.model_id.rpartition('/')[2]}.yaml"


def plan_of(number: int) -> Plan:
    """The plan of one model, by its number alone."""
    return Plan(number, blake2b(f"model {number}".encode(), digest_size=40).digest())


def write_fleet(folder: Path, number: int) -> None:
    """Write regions, heads and `number` models into an empty folder."""
    used_heads: set[str] = set()
    made: set[Path] = set()
    for position in range(number):
        plan = plan_of(position)
        used_heads.update(plan.heads)
        target = folder / plan.path
        if target.parent not in made:
            target.parent.mkdir(parents=True, exist_ok=True)
            made.add(target.parent)
        target.write_text("\n".join([*_model(plan), ""]), encoding="utf-8")
    regions = {head.split("-")[1] for head in used_heads}
    (folder / "regions.yaml").write_text("\n".join([*_regions(regions), ""]), encoding="utf-8")
    (folder / "heads.yaml").write_text("\n".join([*_heads(used_heads), ""]), encoding="utf-8")


def _regions(used: set[str]) -> Iterator[str]:
    yield "regions:"
    for code in _REGIONS:
        if code in used:
            yield f"  - code: {code}"
            yield f"    name: Region {code.upper()}"
            kept = [region for region in RESIDENCY[code] if region in used]
            if kept:
                yield f"    residency: [{', '.join(kept)}]"


def _heads(used: set[str]) -> Iterator[str]:
    yield "heads:"
    for head in sorted(used):
        yield f"  - head_id: {head}"
        yield f"    region: {head.split('-')[1]}"
        yield f"    url: https://{head}.llm.example.net"
        yield f"    inference_url: https://{head}.inference.example.net/v1"


def _model(plan: Plan) -> Iterator[str]:
    name = plan.model_id.rpartition("/")[2]
    title = _LOCAL_NAMES.get(plan.region, "Model") if plan.dice[5] % 3 == 0 else "Model"
    others = plan.heads[len(plan.shared) :]
    if plan.dice[6] % 2:
        yield f"# Owned by team-{_TEAMS[plan.dice[7] % 5]}; tell them before you change a head."
    yield f"model_id: {plan.model_id}"
    yield f"name: {title} {plan.family.title()} {plan.number}"
    yield f"region: {plan.region}"
    yield f"priority_head: {plan.heads[0]}"
    if others:
        yield "fallback_heads:"
        yield from (f"  - {head}" for head in others)
    yield from _upstream(plan, name)
    yield from _routing(plan)
    yield f"tags: [{_KINDS[plan.dice[2] % 5]}, {_SIZES[plan.dice[1] % 5]}]"
    yield from _metadata(plan)


def _upstream(plan: Plan, name: str) -> Iterator[str]:
    key = f"{plan.family.upper()}_API_KEY"
    match plan.dice[8] % 16:
        case 0:
            yield "local_inference: true"
        case 1 | 2:
            yield "deployments:"
            for place in ("a", "b"):
                yield f"  - endpoint: https://{place}.{plan.family}.models.example.com/v1"
                yield f"    upstream_model: {name}"
                yield f"    api_key: {{env: {key}}}"
                yield f"    region: {plan.region}"
        case 3:
            yield "provider: azure"
            yield f"endpoint: https://{plan.family}-{plan.region}.openai.example.com"
            yield f"api_key: {{vault: llm/{plan.family}#azure}}"
            yield "params:"
            yield '  api_version: "2025-10-21"'
            yield f"upstream_region: {plan.region}"
        case 4:
            yield f"endpoint: http://10.20.{plan.dice[9]}.{plan.dice[10]}:8000/v1"
        case _:
            yield f"endpoint: https://{plan.family}.models.example.com/v1"
            yield f"upstream_model: {name}"
            yield f"upstream_region: {plan.region}"
            yield f"api_key: {{env: {key}}}"


def _routing(plan: Plan) -> Iterator[str]:
    if len(plan.shared) > 1:
        yield "load_balancing:"
        yield "  policy: least_request"
        yield f"  weights: {{{plan.shared[0]}: 2, {plan.shared[1]}: 1}}"
    earlier = plan.number - len(_REGIONS)
    if plan.dice[12] % 16 == 0 and earlier >= 0 and plan_of(earlier).dice[17] % 8:
        # The previous model of the region, unless it is private: no residency is broken, and no chain comes back.
        yield f"fallback_models: [{plan_of(earlier).model_id}]"
    if plan.dice[13] % 4 == 0:
        yield f"aliases: [{plan.family}-{plan.number}]"
    if plan.dice[14] % 2:
        yield "limits:"
        yield f"  rpm: {60 * (plan.dice[15] + 1)}"
        yield f"  tpm: {1000 * (plan.dice[16] + 1)}"
    if plan.dice[17] % 8 == 0:
        yield f"access: {{visibility: private, groups: [team-{_TEAMS[plan.dice[7] % 5]}]}}"


def _metadata(plan: Plan) -> Iterator[str]:
    yield "metadata:"
    yield f"  owner: team-{_TEAMS[plan.dice[7] % 5]}"
    yield f'  cost_centre: "{4000 + plan.dice[18]}"'
    yield f"  context: {8192 * (1 + plan.dice[19] % 16)}"
    yield f"  licence: {_LICENCES[plan.dice[20] % 4]}"
    yield f'  released: "2026-{1 + plan.dice[21] % 12:02}-{1 + plan.dice[22] % 28:02}"'
    if plan.dice[23] % 8 == 0:
        yield f"  weights_digest: sha256:{blake2b(plan.dice, digest_size=32).hexdigest()}"
    if plan.dice[24] % 16 == 0:
        yield "  description: >"
        yield f"    {plan.family.title()} answers in the language of the question"
        yield "    and says so when it does not know."


if __name__ == "__main__":
    write_fleet(Path(sys.argv[1]), int(sys.argv[2]))
