"""Where the parts of a decision are declared in the repository."""

from collections.abc import Mapping
from dataclasses import dataclass

from modelspec.fleet.model import Fleet
from modelspec.load.locate import Locator
from modelspec.routing.table import Route
from modelspec.text.document import Place, Pointer
from modelspec.text.source import Span, Spot


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """Looks up places in the files of a compiled repository."""

    locator: Locator
    fleet: Fleet

    def model(self, route: Route) -> Spot:
        """The place of a model's id."""
        line = route.about.line
        return Spot(route.about.path, Span(line, 1, line, 1))

    def head_in_model(self, route: Route, head: str) -> Spot:
        """Where a model's file lists a head; of several places, the one that ranks it highest."""
        about = route.about
        if head == about.priority_head:
            return self._in(route, ("priority_head",))
        if head in about.weights:
            return self._in(route, ("load_balancing", "weights", head), on_key=True)
        return self._in(route, ("fallback_heads", about.fallback_heads.index(head)))

    def target(self, route: Route, number: int, head: str) -> Spot:
        """Where the target of this number that a head calls is declared."""
        fields = self._fields(route)
        if not route.local_inference and "deployments" in fields:
            return self._in(route, ("deployments", number))
        if "endpoint" in fields:
            return self._in(route, ("endpoint",))
        return self.head(head, "inference_url") if route.local_inference else self._in(route, ("provider",))

    def name(self, route: Route, name: str) -> Spot:
        """Where an id or an alias is declared."""
        if name == route.model_id:
            return self.model(route)
        return self._in(route, ("aliases", route.aliases.index(name)))

    def field(self, route: Route, *pointer: str) -> Spot:
        """The place of a field of a model."""
        return self._in(route, pointer)

    def fallback_model(self, route: Route, condition: str, number: int) -> Spot:
        """Where a model's file lists the n-th fallback model of a condition."""
        group = () if isinstance(self._fields(route).get("fallback_models"), list) else (condition,)
        return self._in(route, ("fallback_models", *group, number))

    def head(self, head: str, field: str | None = None) -> Spot:
        """Where a head is declared, or one of its fields."""
        place = self.fleet.heads[head].place
        return self._at(place.path, place.pointer if field is None else (*place.pointer, field))

    def region(self, code: str, field: str) -> Spot:
        """The place of a field of a region."""
        place = self.fleet.regions[code].place
        return self._at(place.path, (*place.pointer, field))

    def test(self, number: int, *pointer: str) -> Spot:
        """The place of a routing test, or of something in it."""
        return self._at("routes.test.yaml", ("tests", number, *pointer))

    def _fields(self, route: Route) -> Mapping[str, object]:
        return self.locator.effective(route.about.path)

    def _in(self, route: Route, pointer: Pointer, *, on_key: bool = False) -> Spot:
        if pointer[0] not in self._fields(route):
            return self.model(route)
        return self._at(route.about.path, pointer, on_key=on_key)

    def _at(self, path: str, pointer: Pointer, *, on_key: bool = False) -> Spot:
        place = self.locator.origin(Place(path=path, pointer=pointer, on_key=on_key))
        return Spot(place.path, self.locator.span(place))
