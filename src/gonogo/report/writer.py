"""Writing a judgment into its folder as a page and in the other formats, each file whole or not at all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path

from gonogo.errors import EnvironmentFault, GonogoError, UsageError
from gonogo.gate.judgment import Judgment, RunEntry
from gonogo.report.digest import digest
from gonogo.report.exhibit import Exhibit
from gonogo.report.file import replace_file
from gonogo.report.formats import FILES, render_as
from gonogo.report.page import render
from gonogo.report.plain import one_line
from gonogo.report.plots import Plots, dump_plots, load_plots
from gonogo.report.reader import read
from gonogo.runs.run import Run

__all__ = ["LoadRun", "exhibit", "write", "write_page"]

LoadRun = Callable[[Path], Run]
"""Reads the rows and facts of a run from its folder."""

_PLOTS = "plots.json"


def write(judgment: Judgment, folder: Path, *, load_run: LoadRun) -> None:
    """Write ``judgment`` into ``folder``, the most important file first; meant to be called after every test.

    The plots of a run are made once and kept beside its rows.

    Args:
        judgment: what is known so far.
        folder: an existing folder, from :func:`gonogo.report.folder.prepare`.
        load_run: how the rows of a run are read.

    Raises:
        EnvironmentFault: a file cannot be written; files written before stand.
    """
    for name, form in FILES.items():
        replace_file(folder / name, render_as(form, judgment))
    replace_file(folder / "index.html", render([exhibit(judgment, folder, load_run=load_run)]))


def write_page(paths: Iterable[Path], out: Path, *, load_run: LoadRun) -> None:
    """Write one page about the judgments in ``paths`` (folders, or their judgment.json) to the file ``out``.

    Raises:
        UsageError: one of them is no judgment, or the folder of ``out`` does not exist.
        EnvironmentFault: the page cannot be written.
    """
    exhibits = []
    for path in paths:
        folder = path if path.is_dir() else path.parent
        label = folder.resolve().name
        exhibits.append(exhibit(read(path), folder, load_run=load_run, label=label))
    if not exhibits:
        raise UsageError("no judgment to show", mend="name at least one judgment folder")
    if not out.parent.is_dir():
        raise UsageError("the folder for the page does not exist", where=str(out.parent), mend="make it first")
    replace_file(out, render(exhibits))


def exhibit(judgment: Judgment, folder: Path, *, load_run: LoadRun, label: str = "") -> Exhibit:
    """Return ``judgment`` with the plots of its runs; a run whose rows cannot be read says so in their place."""
    plots = {entry.name: _plots(folder, entry, load_run) for entry in judgment.runs}
    return Exhibit(judgment, label, plots)


def _plots(folder: Path, entry: RunEntry, load_run: LoadRun) -> Plots | str:
    place = (folder / entry.folder).resolve()
    if not place.is_relative_to(folder.resolve()):
        return "its folder lies outside the judgment's"
    kept = place / _PLOTS
    if kept.is_file():
        plots = load_plots(kept.read_text(encoding="utf-8", errors="replace"))
        if plots is not None:
            return plots
    try:
        made = digest(load_run(place))
    except (GonogoError, OSError) as error:
        return one_line(f"its rows cannot be read: {error}")
    try:
        replace_file(kept, dump_plots(made))
    except EnvironmentFault:
        # A judgment on a read-only disk can still be shown; its plots are made again next time.
        return made
    return made
