"""Work of `reticulum fit`: targets checked, spectra or a saved fit fitted, files written."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from reticulum.cli.console import check_json_target, standard_error

if TYPE_CHECKING:
    from reticulum.spectra.band_fit import BandFit
    from reticulum.spectra.preparation import Preparation

#: Measured files with their SHA-256.
Sources = list[dict[str, str | None]]


def check_targets(output: str | None, figure: str | None, json: str | None) -> None:
    """Refuse what could not be written, before anything is computed."""
    check_json_target(json)
    if output is not None:
        from reticulum.spectra.fit_files import require_new_folder

        require_new_folder(output)
    if figure is not None:
        from reticulum.plotting.files import require_figure_path

        require_figure_path(Path(figure))


def fit_spectra(
    source: str, reading: Mapping[str, Any], preparation: Preparation, settings: Mapping[str, Any]
) -> tuple[BandFit, Sources]:
    """Fit measured spectra; the fit, and the files with their hashes."""
    from reticulum.spectra.band_fit import fit_band
    from reticulum.spectra.fit_files import source_hashes
    from reticulum.spectra.preparation import prepare_series
    from reticulum.spectra.reading import read_series

    series = prepare_series(read_series(source, **reading), preparation)
    others = {name: value for name, value in settings.items() if name != "window_cm1"}
    with _at_work(f"Fitting {len(series.spectra)} spectra") as progress:
        found = fit_band(series, settings["window_cm1"], progress=progress, **others)
    return found, source_hashes([spectrum.source for spectrum in series.spectra])


def fit_saved(source: str, changes: Mapping[str, Any]) -> tuple[BandFit, Sources]:
    """Go on with a saved fit, or read it if nothing is to be changed."""
    from reticulum.spectra.fit_continuation import continue_band_fit
    from reticulum.spectra.fit_files import load_band_fit, stored_sources

    if not changes:
        return load_band_fit(source), stored_sources(source)
    with _at_work(f"Fitting the spectra of {source}") as progress:
        return continue_band_fit(source, progress=progress, **changes), stored_sources(source)


@contextmanager
def _at_work(words: str) -> Iterator[Callable[[int, int], None]]:
    """Show on a terminal that a fit is at work, and how far its resampling has come."""
    console = standard_error()
    if not console.is_terminal:
        yield lambda done, total: None
        return
    with console.status(words) as status:
        yield lambda done, total: status.update(f"{words}: resampled cycles, {done} of {total}")


def write_fit(
    found: BandFit, sources: Sources, output: str | None, figure: str | None
) -> tuple[Path, ...]:
    """Write the summary page and the folder that are asked for; the files written."""
    written: tuple[Path, ...] = ()
    if figure is not None:
        from reticulum.plotting.files import save_figure
        from reticulum.plotting.vtir_summary import figure_band_fit

        save_figure(figure_band_fit(found), Path(figure))
        written = (Path(figure),)
    if output is not None:
        from reticulum.plotting.vtir_summary import write_figures
        from reticulum.spectra.fit_files import save_band_fit

        written += save_band_fit(
            found, output, sources=sources, draw=lambda folder: write_figures(found, folder)
        )
    return written
