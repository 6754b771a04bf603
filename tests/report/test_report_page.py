"""The page: complete in itself, inert whatever stands in it, readable by everybody, small."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path

import pytest

from gonogo.gate.judgment import Judgment
from gonogo.report import page as page_module
from gonogo.report.digest import digest
from gonogo.report.exhibit import Exhibit
from gonogo.report.page import render
from gonogo.report.plots import Plots
from gonogo.runs.run import Run
from gonogo.verdicts.verdict import Outcome

STYLE = (Path(page_module.__file__).parent / "templates" / "page.css").read_text(encoding="utf-8")
VOID = {"meta", "br", "link", "img", "input", "hr", "col"}
HOSTILE = {
    "script": "<script>alert(1)</script>",
    "closed attribute": "\"><img src=x onerror=alert(1)>' onload='alert(1)",
    "closed style": "</style></title></svg><script>alert(1)</script>",
    "comment": "<!--<![CDATA[ ]]>-->",
    "template": "{{ 7 * 7 }}{% raw %}",
    "link": "javascript:alert(1)",
    "terminal": "\x1b]0;owned\x07\x00\x9b31m",
    "direction": "\u202etxt.exe\u2066",
    "no text": "\ud800\udfff",
}


class Structure(HTMLParser):
    """The tags of a page with the names of their attributes, its identifiers, links and text."""

    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.shape: list[tuple[str, tuple[str, ...]]] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.references: list[str] = []
        self.open: list[str] = []
        self.headings: list[int] = []
        self.texts: list[str] = []
        self.attributes: list[tuple[str, str, str]] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note the tag and its attributes."""
        self.shape.append((tag, tuple(name for name, _ in attrs)))
        self.attributes += [(tag, name, value or "") for name, value in attrs]
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "action", "data", "poster"):
                self.targets.append(value or "")
            if name in ("aria-labelledby", "aria-describedby"):
                self.references += (value or "").split()
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a tag that closes itself."""
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        """Every tag closes the one that was opened last."""
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        """Keep the text."""
        self.texts.append(data)


def page_of(judgment: Judgment, plots: Plots | None = None, label: str = "") -> str:
    """The page of one judgment, every run of it with the same plots."""
    return render([Exhibit(judgment, label, {run.name: plots or "its rows are gone" for run in judgment.runs})])


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_injects_nothing(
    make_judgment: Callable[..., Judgment], make_run: Callable[..., Run], hostile: str
) -> None:
    """A page full of hostile text has exactly the elements and attributes of one full of plain text."""
    plots = digest(make_run(failing=0.1))
    nasty = Structure(page_of(make_judgment(hostile, runs=2), plots, hostile))
    harmless = Structure(page_of(make_judgment("plain", runs=2), plots, "plain"))
    assert nasty.shape == harmless.shape
    assert nasty.open == []


@pytest.mark.parametrize("hostile", HOSTILE.values(), ids=HOSTILE.keys())
def test_hostile_text_injects_nothing_into_a_comparison(make_judgment: Callable[..., Judgment], hostile: str) -> None:
    """The same holds for several judgments on one page."""
    nasty, harmless = (
        Structure(render([Exhibit(make_judgment(text), text), Exhibit(make_judgment(text), text)]))
        for text in (hostile, "plain")
    )
    assert nasty.shape == harmless.shape


def test_hostile_text_is_shown_as_text(make_judgment: Callable[..., Judgment]) -> None:
    """What a service says can be read, letter by letter."""
    shown = "".join(Structure(page_of(make_judgment("<b>bold</b>&amp;"))).texts)
    assert "<b>bold</b>&amp;" in shown


def test_hostile_names_reach_no_identifier_and_no_link(make_judgment: Callable[..., Judgment]) -> None:
    """Identifiers, classes and links are made of our own words only."""
    attributes = Structure(page_of(make_judgment("javascript:x"))).attributes
    assert not [found for found in attributes if found[1] in ("id", "class", "href") and "javascript" in found[2]]


def test_the_page_holds_no_control_characters(make_judgment: Callable[..., Judgment]) -> None:
    """Escape sequences and turned text are shown as signs."""
    page = page_of(make_judgment(HOSTILE["terminal"] + HOSTILE["direction"]))
    assert not re.search("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]", page)


def test_the_policy_forbids_everything_but_our_own_styles(good: Judgment) -> None:
    """The content security policy allows one style sheet, by its hash, and nothing else that loads or runs."""
    page = page_of(good)
    policy = re.search('http-equiv="Content-Security-Policy" content="([^"]*)"', page)
    style = re.search("<style>(.*?)</style>", page, re.DOTALL)
    assert policy is not None
    assert style is not None
    digest_of_style = base64.b64encode(hashlib.sha256(style.group(1).encode()).digest()).decode()
    assert policy.group(1).replace("&#39;", "'") == (
        f"default-src 'none'; style-src 'sha256-{digest_of_style}'; img-src data:; base-uri 'none'; form-action 'none'"
    )


def test_the_page_needs_nothing_from_outside(
    make_judgment: Callable[..., Judgment], make_run: Callable[..., Run]
) -> None:
    """No script, no style attribute, no event handler; every link stays on the page and finds its target."""
    structure = Structure(page_of(make_judgment(runs=3), digest(make_run())))
    names = {name for _, name, _ in structure.attributes}
    assert not {tag for tag, _ in structure.shape} & {"script", "link", "img", "iframe", "object", "embed", "form"}
    assert not {name for name in names if name == "style" or name.startswith("on")}
    assert all(target.startswith("#") and target[1:] in structure.ids for target in structure.targets)
    assert "url(" not in STYLE
    assert "@import" not in STYLE


def test_identifiers_are_unique_and_references_are_met(
    make_judgment: Callable[..., Judgment], make_run: Callable[..., Run]
) -> None:
    """On a page of several judgments with several runs, too."""
    plots = digest(make_run())
    judgment = make_judgment(runs=3)
    shown = {run.name: plots for run in judgment.runs}
    structure = Structure(render([Exhibit(judgment, "a", shown), Exhibit(judgment, "b", shown)]))
    assert len(structure.ids) == len(set(structure.ids))
    assert set(structure.references) <= set(structure.ids)


@pytest.mark.parametrize("several", [False, True])
def test_headings_make_an_outline(make_judgment: Callable[..., Judgment], several: bool) -> None:  # noqa: FBT001
    """One heading of the first level, and none skips a level on the way down."""
    exhibit = Exhibit(make_judgment(runs=2), "a")
    headings = Structure(render([exhibit, exhibit] if several else [exhibit])).headings
    assert headings.count(1) == 1
    assert headings[0] == 1
    assert all(later - earlier <= 1 for earlier, later in pairwise(headings))


def test_a_screen_reader_finds_its_way(make_judgment: Callable[..., Judgment], make_run: Callable[..., Run]) -> None:
    """A language, landmarks, captions of tables, and a title and a description for every drawing."""
    structure = Structure(page_of(make_judgment(), digest(make_run())))
    tags = [tag for tag, _ in structure.shape]
    assert ("html", "lang", "en") in structure.attributes
    assert {"header", "main", "footer"} <= set(tags)
    assert tags.count("caption") == tags.count("table")
    drawings = [names for tag, names in structure.shape if tag == "svg"]
    assert all("aria-hidden" in names or {"role", "aria-labelledby"} <= set(names) for names in drawings)


@pytest.mark.parametrize("outcome", list(Outcome))
def test_the_first_screen_says_verdict_and_reason(make_judgment: Callable[..., Judgment], outcome: Outcome) -> None:
    """The verdict is the first heading, in a word and not only in a colour, and the reason follows it."""
    judgment = make_judgment(outcome=outcome)
    page = page_of(judgment)
    shown = judgment.outcome.value
    heading = re.search("<h1.*?</h1>", page, re.DOTALL)
    assert heading is not None
    assert f"<span>{shown}</span>" in heading.group()
    assert f"<title>{shown}" in page
    assert page.index("</h1>") < page.index('class="reason"') < page.index("<main")


def test_criteria_stand_worst_first(make_judgment: Callable[..., Judgment]) -> None:
    """The page keeps the order of the judgment."""
    judgment = make_judgment()
    shown = re.findall(r'<td role="cell" class="e"><code>(.*?)</code>', page_of(judgment))
    plain = [text.replace("&lt;", "<").replace("&gt;", ">") for text in shown]
    assert plain == [entry.verdict.expression for entry in judgment.criteria]


def test_an_unfinished_session_says_so(make_judgment: Callable[..., Judgment]) -> None:
    """Whoever opens the page of a session that died is told."""
    assert "still running or was cut short" in page_of(make_judgment(complete=False))
    assert "still running or was cut short" not in page_of(make_judgment(complete=True))


def test_a_run_without_plots_says_why(good: Judgment) -> None:
    """Rows that cannot be read leave the figures and a sentence."""
    assert "No plots: its rows are gone." in page_of(good)


def test_an_empty_judgment_is_a_page() -> None:
    """A session of which nothing is known yet can be looked at."""
    structure = Structure(render([Exhibit(Judgment(Outcome.INCONCLUSIVE, "Nothing is known.", complete=False))]))
    assert "No criterion was judged." in "".join(structure.texts)


def test_many_good_groups_are_folded(make_judgment: Callable[..., Judgment]) -> None:
    """Of twenty groups that hold, two are shown and the others are one step away."""
    page = page_of(make_judgment(runs=20, outcome=Outcome.GO))
    assert "18 more groups, in which every criterion holds" in page


def test_twenty_runs_stay_below_three_megabytes(
    make_judgment: Callable[..., Judgment], make_run: Callable[..., Run]
) -> None:
    """With full plots of 120 bins and seven criteria a run."""
    plots = digest(make_run(requests=12_000, rate=200.0, failing=0.05))
    assert len(plots.t_s) == 120
    assert len(page_of(make_judgment(runs=20), plots).encode()) < 3_000_000


def test_several_judgments_are_compared(good: Judgment, make_judgment: Callable[..., Judgment]) -> None:
    """Each has its name and verdict, and criteria that differ come first."""
    page = render([Exhibit(good, "monday"), Exhibit(make_judgment(), "tuesday")])
    assert "2 judgments compared" in page
    assert "monday: GO; tuesday: NO-GO." in page
    assert "differs" in page


def contrast(one: str, other: str) -> float:
    """The contrast ratio of two colours (WCAG 2.2, relative luminance)."""

    def luminance(colour: str) -> float:
        channels = [int(colour[index : index + 2], 16) / 255 for index in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


TEXT_PAIRS = [
    ("ink", "page"),
    ("ink", "card"),
    ("soft", "page"),
    ("soft", "card"),
    ("link", "card"),
    ("link", "page"),
    ("soft", "faint"),
    ("go", "go-tint"),
    ("nogo", "nogo-tint"),
    ("open", "open-tint"),
    ("go", "card"),
    ("nogo", "card"),
    ("open", "card"),
    ("ink", "go-tint"),
    ("ink", "nogo-tint"),
    ("ink", "open-tint"),
    ("soft", "go-tint"),
    ("soft", "nogo-tint"),
    ("soft", "open-tint"),
]
LINES = ["p50", "p90", "p99", "due", "lag", "s2", "s3", "s4", "s5", "failure", "go", "nogo", "open"]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_colours_can_be_told_apart(theme: int) -> None:
    """Text has a contrast of 4.5 to its ground and lines one of 3 (WCAG 2.2 AA), in both themes."""
    block = re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)[theme]
    colours = dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block))
    faint = [(text, ground) for text, ground in TEXT_PAIRS if contrast(colours[text], colours[ground]) < 4.5]
    pale = [line for line in LINES if contrast(colours[line], colours["card"]) < 3]
    assert (faint, pale) == ([], [])
