"""The documentation as a site, before and after mdBook: `lay` puts together what it is made of, `check` looks up every link.

Pages keep their places relative to each other, so that links are the same in the repository and on the site. Two pages are made
here: the options of every command, as the program says them, and the gallery, from the specs in `analyses/`.
"""

import html
import re
import shutil
import subprocess
import sys
import tomllib
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parent.parent
GENERATED = {"Options": "docs/options.md", "Gallery": "docs/gallery.md"}


def lay(program: str, site: Path) -> None:
    """Copies pages, figures and what pages link to into `site/src`, with a summary and the pages that are made here."""
    source = site / "src"
    for folder in ("docs", "figures"):
        (source / folder).mkdir(parents=True)
    shutil.copy(ROOT / "book.toml", site)
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "CHANGELOG.md")]
    for folder in ("figures", "docs", "docs/experiments"):
        pages += sorted((ROOT / folder).glob("*.md"))
    pages.remove(ROOT / "docs/SUMMARY.md")
    for page in pages:
        # mdBook makes an index of every README, and leaves links to it as they are.
        text = re.sub(r"(\]\([^)#:]*)README\.md", r"\1index.md", page.read_text())
        copied = source / page.relative_to(ROOT)
        copied.parent.mkdir(parents=True, exist_ok=True)
        copied.write_text(text)
    for figure in sorted((ROOT / "figures").glob("*.png")):
        shutil.copy(figure, source / "figures")
    for page in pages:
        copy_linked(page, source)
    (source / "SUMMARY.md").write_text(summary(pages))
    (source / GENERATED["Options"]).write_text(options(program))
    (source / GENERATED["Gallery"]).write_text(gallery(source))


def copy_linked(page: Path, source: Path) -> None:
    """Copies the files of the repository that a page links to and that are no pages: specs, tables, sources."""
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        linked = (page.parent / unquote(target)).resolve()
        if linked.is_file() and linked.is_relative_to(ROOT) and linked.suffix != ".md":
            copied = source / linked.relative_to(ROOT)
            copied.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(linked, copied)


def summary(pages: list[Path]) -> str:
    """`docs/SUMMARY.md` seen from the root, with the pages that are made here and those of experiments.

    It must name every other page once.
    """
    text = (ROOT / "docs/SUMMARY.md").read_text()
    text = re.sub(r"\]\((?!\.\./)", "](docs/", text).replace("](../", "](")
    listed = ""
    for page in pages:
        if page.parent.name == "experiments" and page.name != "README.md":
            title = page.read_text().splitlines()[0].lstrip("# ")
            listed += f"  - [{title}]({page.relative_to(ROOT)})\n"
    below = "(docs/experiments/README.md)\n"
    text = text.replace(below, below + listed)
    named = re.findall(r"\]\(([^)]+)\)", text)
    wrong = {str(page.relative_to(ROOT)) for page in pages}.symmetric_difference(named)
    if wrong or len(named) != len(set(named)):
        sys.exit(
            f"docs/SUMMARY.md must name every page once, and no other: {sorted(wrong) or named}"
        )
    return text + "".join(f"- [{title}]({path})\n" for title, path in GENERATED.items())


def options(program: str) -> str:
    """The help of every command and of the commands below it."""
    parts = ["# Options\n\nWhat `alignscope COMMAND --help` says, of every command.\n"]

    def add(words: list[str]) -> None:
        said = subprocess.run(
            [program, *words, "--help"], capture_output=True, text=True, check=True
        ).stdout
        said = said.replace(f"Usage: {Path(program).name}", "Usage: alignscope")
        heading = "#" * (1 + max(1, len(words)))
        parts.append(
            f"{heading} `{' '.join(['alignscope', *words])}`\n\n```text\n{said.strip()}\n```\n"
        )
        listed = re.search(r"^Commands:\n((?: .*\n|\n)+)", said, re.MULTILINE)
        for name in re.findall(r"^  ([a-z]\S*)", listed.group(1), re.MULTILINE) if listed else []:
            if name != "help":
                add([*words, name])

    add([])
    return "\n".join(parts)


def gallery(source: Path) -> str:
    """All figures that are kept in the repository, under the specs that draw them."""
    parts = [
        "# Gallery\n\nEvery figure with the spec behind it. `alignscope run analyses/NAME.toml` draws those of one spec.\n"
    ]
    shown = set()
    (source / "analyses").mkdir(exist_ok=True)
    for path in sorted((ROOT / "analyses").glob("*.toml")):
        spec = tomllib.loads(path.read_text())
        figures = [
            figure for analysis in spec.get("analysis", []) for figure in analysis.get("figure", [])
        ]
        kept = [
            figure for figure in figures if (ROOT / "figures" / f"{figure['name']}.png").exists()
        ]
        if not kept:
            continue
        shutil.copy(path, source / "analyses")
        parts.append(
            f"## {spec.get('title', path.stem)}\n\n[analyses/{path.name}](../analyses/{path.name})\n"
        )
        for figure in kept:
            name, title = figure["name"], html.escape(figure.get("title", figure["name"]))
            shown.add(name)
            parts.append(f"### {title}\n")
            parts.append(f'<img src="../figures/{name}.png" alt="{title}" loading="lazy">\n')
    left = {path.stem for path in (ROOT / "figures").glob("*.png")} - shown
    if left:
        parts.append("## Others\n\nDrawn from the results of several specs, or by commands.\n")
        parts += [
            f'### {name}\n\n<img src="../figures/{name}.png" alt="{name}" loading="lazy">\n'
            for name in sorted(left)
        ]
    return "\n".join(parts)


class Page(HTMLParser):
    """Anchors and links of a page, and what it loads by itself."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: list[str] = []
        self.loaded: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = dict(attrs)
        self.anchors.update(value for key in ("id", "name") if (value := values.get(key)))
        link = values.get("href") if tag in ("a", "link") else values.get("src")
        if link and values.get("rel") != "canonical":
            self.links.append(link)
            if tag != "a":
                self.loaded.append(link)


def check(site: Path) -> None:
    """Every link leads somewhere, to an anchor that exists, and no page loads anything from elsewhere."""
    # The page of all pages, for print, and that of what is not found, repeat links of others from another place.
    paths = [
        path for path in sorted(site.rglob("*.html")) if path.name not in ("print.html", "404.html")
    ]
    pages = {path: Page(path.read_text()) for path in paths}
    wrong, looked_up = [], 0
    for path, page in pages.items():
        elsewhere = [
            link
            for link in page.loaded
            if urlsplit(link).scheme not in ("", "data") or link.startswith("//")
        ]
        wrong += [f"{path.relative_to(site)} loads {link}" for link in elsewhere]
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            target = target / "index.html" if target.is_dir() else target
            looked_up += 1
            if not target.is_file():
                wrong.append(f"{path.relative_to(site)}: no {link}")
            elif (
                parts.fragment
                and target in pages
                and unquote(parts.fragment) not in pages[target].anchors
            ):
                wrong.append(
                    f"{path.relative_to(site)}: no #{parts.fragment} in {parts.path or 'the page itself'}"
                )
    print("\n".join(wrong))
    print(f"docs: {len(pages)} pages, {looked_up} links looked up, {len(wrong)} wrong")
    if wrong or looked_up < 500:
        sys.exit(1)


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["lay", program, site]:
            lay(program, Path(site).resolve())
        case ["check", site]:
            check(Path(site).resolve())
        case _:
            sys.exit("docs/site.py lay PROGRAM SITE | check SITE")
