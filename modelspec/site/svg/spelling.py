"""A route in words, for those who do not see the picture."""

from collections.abc import Iterator

from modelspec.site.svg.way import Head, RouteView, Target


def spell_route(view: RouteView) -> str:
    """The order in which heads are tried and what they call, in sentences."""
    return " ".join(_sentences(view))


def _sentences(view: RouteView) -> Iterator[str]:
    if not view.tiers:
        yield f"No head serves {view.model}."
        return
    for number, tier in enumerate(view.tiers):
        begin = f"Requests for {view.model} go to" if number == 0 else f"Fallback {number} is"
        yield f"{begin} {_series([_head(head) for head in tier.heads])}."
    for head in view.heads:
        if head.local is not None:
            yield f"{head.title} runs the model itself at {_with(head.local.title, _notes(head.local))}."
    first = [_target(target) for target in view.targets if not target.is_later]
    later = [_target(target) for target in view.targets if target.is_later]
    if first:
        yield f"Each head calls {_series(first)}."
    if later:
        yield f"After that it calls {_series(later)}."


def _series(words: list[str]) -> str:
    return " and ".join(filter(None, (", ".join(words[:-1]), words[-1])))


def _head(head: Head) -> str:
    return _with(head.title, [head.weight, head.note], f"in {head.region}")


def _target(target: Target) -> str:
    return _with(target.title, _notes(target))


def _notes(target: Target) -> list[str]:
    return [f"in {target.region}" if target.region else "", target.weight, target.note]


def _with(title: str, notes: list[str], place: str = "") -> str:
    return ", ".join(filter(None, (f"{title} {place}".strip(), *notes)))
