"""Measures builds beside a bare copy of their output and beside Hugo: the first table of docs/performance.md.

On a new journalled ext4 of its own where this user may mount one, since files made after many were removed are slow.
The package `hugo` has Hugo; without it, those rows are left out.
"""

import argparse
import json
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from cases import environment, program
from fleet import Plan, plan_of, write_fleet
from measure import Case, Sample, interleaved, ratio, sample, typical
from table import aligned, markdown

COPY, HUGO, NEW = "copy of the output", "Hugo, new folder", "build, new folder"
ONE, COMMITTED, MANY = "build, one changed", "build, one changed, with --commit", "build, half changed"
CHECK = "build --check, nothing changed"
REQUIRED = {NEW: 5.0, ONE: 1.5, COMMITTED: 1.5, MANY: 6.0, CHECK: 0.8}
"""How many times as long as the copy each may take, on the clock."""
Around = Callable[[int], AbstractContextManager[None]]
"""What is done before and after a run, by its number."""

HUGO_BOUND = 0.8
"""How many times as long as Hugo a new folder may take, on the clock and of the processor."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--models", type=int, default=10_000, metavar="N", help="default: 10000")
    parser.add_argument("--runs", type=int, default=5, metavar="N", help="runs of each case; default: 5")
    parser.add_argument("--markdown", action="store_true", help="print tables for a page")
    options = parser.parse_args()
    with _disk(options.models * options.runs) as (disk, words):
        cases = list(_cases(disk, options.models))
        for case in cases:
            sample(case, -1)  # fills caches and makes what later cases build on
        samples = interleaved(cases, options.runs, lambda _: None)
    print(f"\n### Builds of {options.models:,} models\n")
    print(
        f"Python {platform.python_version()}, {os.cpu_count()} cores, medians of {options.runs} runs, {words}\n"
    )
    print((markdown if options.markdown else aligned)([*_rows(samples)]), flush=True)


@contextmanager
def _disk(trees: int) -> Iterator[tuple[Path, str]]:
    """A folder on a new journalled ext4, or an ordinary one, and words for which it is."""
    scratch = Path(tempfile.mkdtemp(prefix="modelspec-builds-"))
    image, mounted = scratch / "disk", scratch / "mounted"
    mounted.mkdir()
    with image.open("wb") as file:
        file.truncate(4 * 2**30 + trees * 120_000)
    made = (
        ["mkfs.ext4", "-q", "-F", "-i", "4096", str(image)],
        ["mount", "-o", "loop", str(image), str(mounted)],
    )
    try:
        has_disk = all(
            subprocess.run(command, check=False, capture_output=True).returncode == 0 for command in made
        )
    except FileNotFoundError:
        has_disk = False
    try:
        yield (
            mounted,
            "on a new ext4" if has_disk else "on the disk as it is: this user may not mount a new ext4",
        )
    finally:
        if has_disk:
            subprocess.run(["umount", "--lazy", str(mounted)], check=False)
        shutil.rmtree(scratch, ignore_errors=True)


def _cases(disk: Path, models: int) -> Iterator[Case]:
    root, kept = disk / "fleet", disk / "kept"
    root.mkdir()
    write_fleet(root, models)
    plans = [plan_of(number) for number in range(models)]
    build = [program("modelspec"), "build", "--quiet", "--root", str(root), "--output"]

    def renamed(number: int) -> Around:
        return lambda run: _renamed(root, plans[:number], run)

    def moved(*names: str) -> Around:
        return lambda _run: _kept_apart(disk, *names)

    def case(name: str, command: Sequence[str], around: Around, cache: str = "cache") -> Case:
        return Case(
            name=name, command=command, folder=disk, environment=environment(disk / cache), around=around
        )

    # Every cache of a first build is empty; its output is moved away, since removing it would slow the next one.
    yield case(NEW, [*build, str(disk / "fresh")], moved("fresh", "first"), "first")
    yield case(ONE, [*build, str(kept)], renamed(1))
    yield case(COMMITTED, [*build, str(kept), "--commit", "0" * 40], renamed(1))
    yield case(MANY, [*build, str(kept)], renamed(models // 2))
    yield case(CHECK, [*build, str(kept), "--check"], moved())
    yield case(COPY, ["cp", "-r", str(kept), str(disk / "fresh")], moved("fresh"))
    hugo = Path(sys.executable).parent.parent.glob("lib/python*/site-packages/hugo/binaries/hugo*")
    for binary in list(hugo)[:1]:
        site = disk / "site"
        pattern = disk / "pattern"
        command = [*build, str(pattern), "--no-cache"]
        subprocess.run(command, check=True, capture_output=True, env=dict(environment(disk / "cache")))
        _write_site(site, plans, pattern)
        command = [str(binary), "--quiet", "--source", str(site), "--destination", str(disk / "fresh")]
        yield case(HUGO, command, moved("fresh"))


@contextmanager
def _kept_apart(disk: Path, *names: str) -> Iterator[None]:
    """Afterwards, what was made under these names lies under other ones, and nothing is removed."""
    yield
    for name in names:
        if (disk / name).exists():
            (disk / name).rename(tempfile.mkdtemp(prefix=f"{name}-", dir=disk))


@contextmanager
def _renamed(root: Path, plans: Sequence[Plan], run: int) -> Iterator[None]:
    """Give the models another name, for good."""
    for plan in plans:
        path = root / plan.path
        lines = path.read_text(encoding="utf-8").splitlines()
        named = [f"name: Renamed {run} {len(plans)}" if line.startswith("name: ") else line for line in lines]
        path.write_text("\n".join([*named, ""]), encoding="utf-8")
    yield


_PAGE = """<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{{ .Title }}</title></head><body>
<header><nav><ul>{{ range $.Site.Params.nav }}
<li><a href="{{ .href }}">{{ .text }}</a></li>{{ end }}</ul></nav></header>
<main><h1>{{ .Title }}</h1><p><code>{{ .Params.model_id }}</code></p>
<ol>{{ range .Params.heads }}<li><a href="/heads/{{ . }}/">
<strong>{{ . }}</strong> <small>{{ $.Params.region }}</small></a></li>{{ end }}</ol>
{{ range $title, $rows := .Params.sections }}<section class="panel"><h2>{{ $title }}</h2><dl class="rows">
{{ range $rows }}<div><dt dir="auto"><bdi>{{ .term }}</bdi></dt>
<dd><a href="/{{ .term | urlize }}/{{ .value | urlize }}/"><bdi>{{ .value }}</bdi></a></dd></div>
{{ end }}</dl></section>{{ end }}
<p><a href="{{ .Permalink }}">JSON</a></p></main></body></html>
"""
_LIST = """<!doctype html><html lang="en"><head><title>Models</title></head><body><main>
{{ range (.Paginate .Pages 60).Pages }}<article><h2><a href="{{ .RelPermalink }}">{{ .Title }}</a></h2>
<dl><div><dt>Region</dt><dd>{{ .Params.region }}</dd></div></dl></article>{{ end }}</main></body></html>
"""


def _facts(of: Mapping[str, object], *names: str) -> list[dict[str, str]]:
    return [
        {"term": name, "value": json.dumps(of.get(name), ensure_ascii=False).strip('"')} for name in names
    ]


def _write_site(site: Path, plans: Sequence[Plan], pattern: Path) -> None:
    """An equivalent site for Hugo: a page with the facts of each model, its JSON, and lists of 60; nothing is checked.

    `pattern` is a build of the fleet, whose JSON of each model has the facts.
    """
    settings = {
        "baseURL": "https://example.org/",
        "disableKinds": ["taxonomy", "term", "rss", "sitemap", "home"],
        "outputs": {"page": ["html", "json"], "section": ["html"]},
        "params": {
            "nav": [{"text": text, "href": f"/{text}/"} for text in ("models", "regions", "heads", "keys")]
        },
    }
    files = {
        "hugo.json": json.dumps(settings),
        "layouts/_default/single.html": _PAGE,
        "layouts/_default/single.json": "{{ .Params.model | jsonify }}\n",
        "layouts/_default/list.html": _LIST,
    }
    for plan in plans:
        page = pattern / "site" / "admin" / "models" / f"{plan.model_id}.json"
        model = json.loads(page.read_bytes())["model"]
        front = {
            "title": f"Model {plan.family.title()} {plan.number}",
            "model_id": plan.model_id,
            "region": plan.region,
            "heads": plan.heads,
            "sections": {
                "About": _facts(
                    model, "name", "region", "priority_head", "status", "limits", "access", "aliases"
                ),
                "Upstream": [row for one in model["deployments"] for row in _facts(one, *one)],
                "Routing": _facts(
                    model, "fallback_heads", "load_balancing", "tiers", "fallback_models", "reach"
                ),
                "Metadata": _facts(model["metadata"], *model["metadata"]),
                "Source": _facts(
                    model, "source", "url", "tags", "request", "params", "model_info", "local_targets"
                ),
            },
            "model": model,
        }
        files[f"content/models/{plan.model_id.replace('/', '-')}.md"] = f"{json.dumps(front, indent=1)}\n"
    for name, text in files.items():
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")


def _rows(samples: dict[str, list[Sample]]) -> Iterator[Sequence[str]]:
    has_hugo = HUGO in samples
    yield ("", "seconds", "processor", "MiB", "x copy", "x Hugo", "x Hugo, processor", "required")
    for name, measured in samples.items():
        middle = typical(measured)
        wall, _ = ratio(measured, samples[COPY])
        hugo = ratio(measured, samples[HUGO]) if has_hugo else (0.0, 0.0)
        verdict = ""
        if name in REQUIRED:
            verdict = f"≤ {REQUIRED[name]:g} x copy {'✓' if wall <= REQUIRED[name] else '✗'}"
        if name == NEW and has_hugo:
            verdict += f", ≤ {HUGO_BOUND:g} x Hugo {'✓' if max(hugo) <= HUGO_BOUND else '✗'}"
        yield (
            name,
            f"{middle.wall:.2f}",
            f"{middle.processor:.2f}",
            f"{middle.peak:.0f}",
            f"{wall:.2f}",
            *(f"{one:.2f}" if has_hugo else "" for one in hugo),
            verdict,
        )


if __name__ == "__main__":
    main()
