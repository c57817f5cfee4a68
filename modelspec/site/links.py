"""Where every page is: absolute paths with the base path, to files that any static host serves as they are."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Addresses of one site; `base` begins and ends with `/`."""

    base: str

    @property
    def dashboard(self) -> str:
        """The first page."""
        return f"{self.base}admin/index.html"

    @property
    def models(self) -> str:
        """The first or only page of models."""
        return f"{self.base}admin/models.html"

    @property
    def snapshot(self) -> str:
        """All models as JSON."""
        return f"{self.base}admin/models.json"

    @property
    def regions(self) -> str:
        """All regions."""
        return f"{self.base}admin/regions.html"

    @property
    def heads(self) -> str:
        """All heads."""
        return f"{self.base}admin/heads.html"

    @property
    def propose(self) -> str:
        """The form."""
        return f"{self.base}admin/propose.html"

    def asset(self, name: str) -> str:
        """A static file."""
        return f"{self.base}admin/assets/{name}"

    def models_page(self, number: int) -> str:
        """One page of a long list, counted from 1."""
        return self.models if number == 1 else f"{self.base}admin/models/page/{number}.html"

    def models_where(self, **facets: str) -> str:
        """The models page, filtered: `region="eu"`."""
        return f"{self.models}?{urlencode(facets)}"

    def model(self, model_id: str) -> str:
        """The page of a model."""
        return f"{self.base}admin/models/{_segments(model_id)}.html"

    def model_json(self, model_id: str) -> str:
        """The JSON of a model."""
        return f"{self.base}admin/models/{_segments(model_id)}.json"

    def region(self, code: str) -> str:
        """A region among the others."""
        return f"{self.regions}#region-{code}"

    def head(self, head_id: str) -> str:
        """A head among the others."""
        return f"{self.heads}#head-{head_id}"


def _segments(model_id: str) -> str:
    return quote(model_id, safe="/")
