"""Every file format comes back as it was written; damaged files say where they are damaged.

SPC and JCAMP-DX files are written by the libraries that read them. No library writes OPUS or OMNIC
files: a measured OPUS file is in tests/data, and the others are built here by the layouts.
"""

from __future__ import annotations

import contextlib
import io
import struct
import sys
from pathlib import Path

import numpy as np
import pytest

from reticulum.errors import InputError, MissingExtraError
from reticulum.spectra.file_names import conditions_in_name
from reticulum.spectra.formats.content import DamagedFileError, UnstatedError
from reticulum.spectra.reading import read_raw_spectra, read_series
from reticulum.spectra.spectrum import Quantity

MEASURED_OPUS = Path(__file__).parents[1] / "data" / "opus_absorbance.0"

AXIS = np.linspace(1500.0, 1700.0, 101)
BAND = 0.8 * np.exp(-0.5 * ((AXIS - 1592.0) / 6.0) ** 2) + 0.05


def one(path, **options):
    (spectrum,) = read_series(path, **options).spectra
    return spectrum


def written(folder, name, text, **options):
    path = folder / name
    path.write_text(text, encoding=options.pop("encoding", "utf-8"))
    return path


# --- text tables -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("delimiter", "decimal"),
    [("\t", "."), (";", "."), (",", "."), ("  ", "."), ("\t", ","), (";", ","), (" ", ",")],
)
@pytest.mark.parametrize("header", ["", "Wavenumber (cm-1){d}Absorbance\n"])
def test_text_tables_of_every_style(tmp_path, delimiter, decimal, header):
    rows = [f"{x:.3f}{delimiter}{y:.6f}" for x, y in zip(AXIS, BAND, strict=True)]
    text = header.format(d=delimiter) + "\n".join(rows).replace(".", decimal) + "\n"
    spectrum = one(
        written(tmp_path, "s_-100C_cycle2_cooling.csv", text), axis_unit="cm-1",
        quantity="absorbance",
    )  # fmt: skip
    np.testing.assert_allclose(spectrum.wavenumbers_cm1, AXIS, atol=6e-4)
    np.testing.assert_allclose(spectrum.values, BAND, atol=6e-7)
    assert spectrum.temperature_k == pytest.approx(173.15)
    assert (spectrum.cycle, spectrum.direction) == (2, "cooling")


def test_the_header_gives_unit_quantity_temperature_cycle_and_direction(tmp_path):
    text = (
        "# Temperature: 25 °C\n# cycle: 3\n# direction: heating\n"
        "cm-1\t%T\n1602\t10\n1601\t20\n1600\t30\n"
    )
    for encoding in ("utf-8", "utf-8-sig", "latin-1", "utf-16"):
        spectrum = one(written(tmp_path, "a.txt", text, encoding=encoding))
        assert spectrum.quantity is Quantity.TRANSMITTANCE
        np.testing.assert_allclose(spectrum.values, [0.3, 0.2, 0.1])
        assert spectrum.temperature_k == pytest.approx(298.15)
        assert (spectrum.cycle, spectrum.direction) == (3, "heating")
        assert [step.name for step in spectrum.steps] == [
            "percent to fraction", "axis turned round",
        ]  # fmt: skip


@pytest.mark.parametrize(
    "first",
    [
        "Wavenumber/cm-1;-100 °C;0 °C;50 °C",
        "T / °C;-100;0;50\ncm-1;a;b;c",
        "wavenumber;173.15 K;273.15K;T=50 °C",
        "cm-1;absorbance_-100degC;absorbance_0degC;absorbance_50degC",
    ],
)
def test_one_table_with_a_temperature_above_each_column(tmp_path, first):
    text = first + "\n1600;1;2;3\n1601;4;5;6\n"
    series = read_series(written(tmp_path, "all_25C.csv", text))
    np.testing.assert_allclose(series.temperatures_k, [173.15, 273.15, 323.15])
    assert [list(spectrum.values) for spectrum in series.spectra] == [[1, 4], [2, 5], [3, 6]]


def transposed(first):
    rows = [[first, *AXIS], [-100, *BAND], [25, *(2.0 * BAND)]]
    return "\n".join(",".join(str(cell) for cell in row) for row in rows)


def test_one_table_with_a_temperature_before_each_row(tmp_path):
    path = written(tmp_path, "rows.csv", "# axis in cm-1, absorbance\n" + transposed("T / °C"))
    series = read_series(path)
    np.testing.assert_allclose(series.temperatures_k, [173.15, 298.15])
    for factor, spectrum in enumerate(series.spectra, start=1):
        assert np.array_equal(spectrum.wavenumbers_cm1, AXIS)
        assert np.array_equal(spectrum.values, factor * BAND)
        assert spectrum.quantity is Quantity.ABSORBANCE
    assert "each row was taken for a spectrum" in series.notes[0]
    with pytest.raises(UnstatedError, match="temperature_unit"):
        read_series(written(tmp_path, "rows.csv", transposed("temperature")), axis_unit="cm-1")


@pytest.mark.parametrize("first", ["sample", "0"])
def test_a_table_of_rows_that_does_not_say_so_is_refused(tmp_path, first):
    path = written(tmp_path, "rows.csv", transposed(first))
    with pytest.raises(DamagedFileError, match=r"begin the header with 'temperature / °C'"):
        read_series(path, axis_unit="cm-1", temperature_unit="C")


@pytest.mark.parametrize(
    ("line", "kelvins"),
    [
        ("Temperature: 25 °C", 298.15),
        ("Sample temperature [K]; 298.15", 298.15),
        ("HKUST-1, T = -100 C", 173.15),
        ("temperature,25°C", 298.15),
        ("Scanner temperature: 27.8 °C", None),
        ("start temperature: 20 °C", None),
        ("detector LN T 2000", None),
    ],
)
def test_temperatures_in_header_lines(tmp_path, line, kelvins):
    path = written(tmp_path, "h.csv", f"# {line}\ncm-1,absorbance\n1600,0.1\n1601,0.2\n")
    found = one(path).temperature_k
    assert found is None if kelvins is None else found == pytest.approx(kelvins)


def test_temperatures_above_columns_need_a_unit(tmp_path):
    path = written(tmp_path, "all.csv", "cm-1,-100,0\n1600,1,2\n1601,1,2\n")
    with pytest.raises(UnstatedError, match="temperature_unit='C'"):
        read_series(path)
    np.testing.assert_allclose(
        read_series(path, temperature_unit="C").temperatures_k, [173.15, 273.15]
    )


def test_pairs_of_columns_keep_their_own_axes_and_errors_are_left_out(tmp_path):
    pairs = read_series(
        written(tmp_path, "p.csv", "cm-1,25C,cm-1,50C\n1600,1,1601,2\n1601,3,1602,4\n")
    )
    assert [list(s.wavenumbers_cm1) for s in pairs.spectra] == [[1600, 1601], [1601, 1602]]
    path = written(tmp_path, "e.csv", "cm-1,Abs,error\n1600,1,9\n1601,2,9\n")
    series = read_series(path)
    assert len(series.spectra) == 1
    assert "'error' was left out" in series.notes[0]


def test_wavelengths_are_converted_and_recorded(tmp_path):
    nm = written(tmp_path, "nm.csv", "wavelength (nm),absorbance\n6250,0.1\n6400,0.2\n")
    um = written(tmp_path, "um.csv", "wavelength (µm),absorbance\n6.25,0.1\n6.4,0.2\n")
    for path, unit in ((nm, "nm"), (um, "um")):
        spectrum = one(path)
        np.testing.assert_allclose(spectrum.wavenumbers_cm1, [1562.5, 1600.0])
        np.testing.assert_allclose(spectrum.values, [0.2, 0.1])
        assert dict(spectrum.steps[0].parameters) == {"from": unit, "to": "cm-1"}


def test_units_are_asked_for_and_never_guessed(tmp_path):
    path = written(tmp_path, "a.csv", "1600,0.1\n1601,0.2\n")
    with pytest.raises(UnstatedError, match="axis_unit='cm-1'"):
        read_series(path)
    assert one(path, axis_unit="cm-1").quantity is Quantity.UNKNOWN
    with pytest.raises(InputError, match="quantity='absorbanse' is not known"):
        read_series(path, quantity="absorbanse")
    with pytest.raises(UnstatedError, match="temperature without a unit"):
        read_series(written(tmp_path, "t.csv", "# temperature = 25\ncm-1,A\n1600,1\n1601,2\n"))


def test_what_the_caller_says_goes_first_and_is_recorded(tmp_path):
    path = written(tmp_path, "a.csv", "cm-1,absorbance\n1600,0.1\n1601,0.2\n")
    spectrum = one(path, quantity="reflectance")
    assert spectrum.quantity is Quantity.REFLECTANCE
    assert spectrum.steps[0].parameters == {
        "quantity": {"given": "reflectance", "file": "absorbance"}
    }


@pytest.mark.parametrize(
    ("text", "where"),
    [
        ("1600,0.1\n1601,0.2x\n1602,0.3\n", "line 2"),
        ("160x,0.1\n1601,0.2\n1602,0.3\n", "line 1"),
        ("1600,0.1\n1601\n1602,0.3\n", "line 2"),
        ("1600,0.1\n1601,0.2\n16", "line 3"),
        ("1600,0.1\n\n1601,nan\n", "line 3"),
        ("1600,0.1\n1601,-inf\n", "line 2"),
        ("just words\n", "line 1"),
        ("1600,0.1\n1600,0.2\n1601,0.3\n", "1600 cm⁻¹ more than once"),
        ("1600,0.1\n1602,0.2\n1601,0.3\n", "goes back from 1602 to 1601"),
        ("1600,0.1\0\n1601,0.2\n", "byte 8"),
        ("", "0 bytes"),
    ],
)
def test_a_damaged_text_names_itself_and_the_line(tmp_path, text, where):
    path = written(tmp_path, "bad.csv", text)
    with pytest.raises(InputError) as caught:
        read_series(path, axis_unit="cm-1")
    assert "bad.csv" in str(caught.value)
    assert where in str(caught.value)
    assert caught.value.fix


# --- JCAMP-DX ----------------------------------------------------------------------------------


def jcamp_text(**more):
    jcamp = pytest.importorskip("jcamp")
    header = {
        "title": "band", "data type": "INFRARED SPECTRUM", "xunits": "1/CM",
        "yunits": "ABSORBANCE", "x": AXIS, "y": BAND, **more,
    }  # fmt: skip
    with contextlib.redirect_stdout(io.StringIO()):
        return jcamp.write(header)


def test_jcamp_files_of_the_library_come_back(tmp_path):
    path = written(tmp_path, "band.jdx", jcamp_text(temperature="150 °C"))
    spectrum = one(path)
    np.testing.assert_allclose(spectrum.wavenumbers_cm1, AXIS, atol=1e-6)
    np.testing.assert_allclose(spectrum.values, BAND, atol=5.1e-5)
    assert spectrum.quantity is Quantity.ABSORBANCE
    assert spectrum.temperature_k == pytest.approx(423.15)


def test_jcamp_compressed_table_by_hand(tmp_path):
    # 1600: 10, +1, +1 | check 12, -2; the digits are those of the JCAMP-DX standard
    text = (
        "##TITLE=asdf $$ a comment\n##JCAMP-DX=4.24\n##XUNITS=1/CM\n##YUNITS=KUBELKA-MUNK\n"
        "##FIRSTX=1600\n##LASTX=1603\n##NPOINTS=4\n##XFACTOR=1\n##YFACTOR=0.1\n"
        "##XYDATA=(X++(Y..Y))\n1600A0JJ\n1602A2k\n##END=\n"
    )
    spectrum = one(written(tmp_path, "asdf.dx", text))
    np.testing.assert_allclose(spectrum.values, [1.0, 1.1, 1.2, 1.0])
    assert spectrum.quantity is Quantity.KUBELKA_MUNK


def test_jcamp_pairs_and_linked_blocks(tmp_path):
    block = (
        "##TITLE={t}\n##XUNITS=MICROMETERS\n##YUNITS=TRANSMITTANCE\n##NPOINTS=2\n"
        "##XYPOINTS=(XY..XY)\n6.25,0.5; 6.4,0.25\n##END=\n"
    )
    text = (
        "##TITLE=both\n##JCAMP-DX=4.24\n##DATA TYPE=LINK\n##BLOCKS=2\n"
        + block.format(t="one") + block.format(t="two") + "##END=\n"
    )  # fmt: skip
    series = read_series(written(tmp_path, "link.jdx", text))
    assert [spectrum.label for spectrum in series.spectra] == ["link.jdx: one", "link.jdx: two"]
    for spectrum in series.spectra:
        np.testing.assert_allclose(spectrum.wavenumbers_cm1, [1562.5, 1600.0])
        np.testing.assert_allclose(spectrum.values, [0.25, 0.5])


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda text: text[: len(text) // 2], "before ##END="),
        (lambda text: text.replace("##END=", ""), "before ##END="),
        (lambda text: text.replace("NPOINTS=101", "NPOINTS=100"), "NPOINTS=100"),
        (lambda text: text.replace("NPOINTS=101", "NPOINTS=101000000"), "is impossible"),
        (lambda text: text.replace("(X++(Y..Y))", "(XYZ)"), "the form '(XYZ)'"),
        (lambda text: text.replace("##XUNITS=1/CM", "##XUNITS"), "line 4: no ="),
        (lambda text: text.replace(" 0.0500 ", " ? ", 1), "? stands for a missing value"),
        (lambda text: text.replace(" 0.0500 ", " 0.0~500 ", 1), "is no row of numbers"),
        (lambda text: text.replace("##FIRSTX", "##FIRST"), "firstx"),
    ],
)
def test_a_damaged_jcamp_file_names_itself_and_what_is_wrong(tmp_path, change, where):
    path = written(tmp_path, "bad.jdx", change(jcamp_text()))
    with pytest.raises(DamagedFileError) as caught:
        read_series(path)
    assert "bad.jdx" in str(caught.value)
    assert where in str(caught.value)


# --- SPC ---------------------------------------------------------------------------------------


def spc_bytes(x_type="XWAVEN", y_type="YABSRB", z_type="XARB", traces=((BAND, None),), axis=None):
    pytest.importorskip("spc_io")
    from spc_io.high_level import SPC, EvenAxis
    from spc_io.low_level.headers.fxytype import Fxtype, Fytype

    content = SPC(xarray=EvenAxis(AXIS[0], AXIS[-1], len(AXIS)) if axis is None else axis)
    for values, z in traces:
        content.add_subfile(yarray=np.asarray(values), z=z, w=0.0)
    raw = content.to_spc_raw()
    raw.main_header.fxtype = Fxtype(x_type)
    raw.main_header.fytype = Fytype(y_type)
    raw.main_header.fztype = Fxtype(z_type)
    return raw.to_bytes()


def test_spc_files_of_the_library_come_back(tmp_path):
    path = tmp_path / "s_298K.spc"
    path.write_bytes(spc_bytes())
    spectrum = one(path)
    np.testing.assert_allclose(spectrum.wavenumbers_cm1, AXIS)
    np.testing.assert_allclose(spectrum.values, BAND, rtol=1e-6)
    assert spectrum.quantity is Quantity.ABSORBANCE
    assert spectrum.temperature_k == 298.0


def test_spc_multifile_with_uneven_temperatures_and_an_axis_of_its_own(tmp_path):
    path = tmp_path / "multi.spc"
    nm = 1e7 / AXIS[::-1]
    traces = [(BAND, -100.0), (2.0 * BAND, 0.0), (3.0 * BAND, 75.0)]
    path.write_bytes(spc_bytes("XNMETR", "YKMONK", "XDEGRC", traces, axis=nm))
    series = read_series(path)
    np.testing.assert_allclose(series.temperatures_k, [173.15, 273.15, 348.15])
    for factor, spectrum in enumerate(series.spectra, start=1):
        np.testing.assert_allclose(spectrum.wavenumbers_cm1, AXIS, rtol=1e-6)
        np.testing.assert_allclose(spectrum.values, factor * BAND[::-1], rtol=1e-6)
        assert spectrum.quantity is Quantity.KUBELKA_MUNK


def test_spc_integers_are_scaled_with_the_exponent_of_the_file(tmp_path):
    content = bytearray(spc_bytes())
    content[3] = 2  # exponent of the file: value = integer * 2**(2 - 32)
    start = 512 + 32
    content[513] = 0  # that of the trace, which single files leave at zero
    integers = np.round(BAND * 2.0**30).astype("<i4").tobytes()
    content[start : start + len(integers)] = integers
    path = tmp_path / "integers.spc"
    path.write_bytes(content)
    np.testing.assert_allclose(one(path).values, BAND, atol=1e-9)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda content: content[:300], "byte 300"),
        (lambda content: content[:700], "byte 700"),
        (lambda content: content[:1] + b"\x4d" + content[2:], "1996"),
        (lambda content: content[:1] + b"\x99" + content[2:], "0x99"),
        (lambda content: content[:4] + b"\xff\xff\xff\x7f" + content[8:], "its end"),
    ],
)
def test_a_damaged_spc_file_names_itself_and_the_byte(tmp_path, change, where):
    path = tmp_path / "bad.spc"
    path.write_bytes(change(spc_bytes()))
    with pytest.raises(DamagedFileError) as caught:
        read_series(path)
    assert "bad.spc" in str(caught.value)
    assert where in str(caught.value)


NPT = b"NPT\0" + struct.pack("<2h", 0, 2)


# --- OPUS --------------------------------------------------------------------------------------


def opus_parameters(**values):
    block = b""
    for key, value in values.items():
        if isinstance(value, int):
            kind, packed = 0, struct.pack("<i", value)
        elif isinstance(value, float):
            kind, packed = 1, struct.pack("<d", value)
        else:
            kind, packed = 2, value.encode() + b"\0" * (4 - len(value) % 4)
        block += key.encode() + b"\0" + struct.pack("<2h", kind, len(packed) // 2) + packed
    return block + b"END\0" + b"\0" * 8


def opus_bytes(kind=4, values=BAND, **sample):
    status = opus_parameters(
        DPF=1, NPT=len(AXIS), FXV=float(AXIS[-1]), LXV=float(AXIS[0]), CSF=1.0,
        MXY=float(values.max()), MNY=float(values.min()), DXU="WN",
    )  # fmt: skip
    result = 3 | 3 << 2 | kind << 10
    blocks = [
        (result | 1 << 4, status),
        (result, values[::-1].astype("<f4").tobytes()),
        (3 << 4, opus_parameters(SNM="powder", TSC=25.8, **sample)),
    ]
    size = 12 * 6
    entries, body, position = struct.pack("<3i", 13 << 10, size // 4, 24), b"", 24 + size
    for type_code, content in blocks:
        entries += struct.pack("<3i", type_code, len(content) // 4, position)
        body += content
        position += len(content)
    head = b"\n\n\xfe\xfe" + struct.pack("<d3i", 920622.0, 24, 6, 4)
    return head + entries.ljust(size, b"\0") + body


def test_a_measured_opus_file():
    pytest.importorskip("brukeropus")
    (raw,) = read_raw_spectra(MEASURED_OPUS)
    assert raw.label == "File Test"
    spectrum = one(MEASURED_OPUS)
    assert spectrum.quantity is Quantity.ABSORBANCE
    assert len(spectrum.values) == 4927
    # the first and last points of the file and the largest value its header states
    assert spectrum.wavenumbers_cm1[-1] == pytest.approx(9997.72092293)
    assert spectrum.wavenumbers_cm1[0] == pytest.approx(499.40399596)
    assert spectrum.values[-1] == pytest.approx(0.00876892, abs=1e-8)
    assert spectrum.temperature_k is None  # TSC is the temperature of the scanner


@pytest.mark.parametrize(
    ("kind", "quantity"),
    [(4, "absorbance"), (5, "transmittance"), (6, "kubelka-munk"), (12, "reflectance"),
     (15, "pseudo-absorbance")],
)  # fmt: skip
def test_opus_results_of_every_kind(tmp_path, kind, quantity):
    pytest.importorskip("brukeropus")
    path = tmp_path / "sample.0003"
    path.write_bytes(opus_bytes(kind, RTS=373.15))
    spectrum = one(path)
    assert spectrum.quantity == quantity
    np.testing.assert_allclose(spectrum.wavenumbers_cm1, AXIS)
    np.testing.assert_allclose(spectrum.values, BAND, rtol=1e-6)
    assert spectrum.temperature_k == pytest.approx(373.15)
    assert [step.name for step in spectrum.steps] == ["axis turned round"]


def test_opus_values_outside_the_limits_that_the_file_states_are_noted(tmp_path):
    pytest.importorskip("brukeropus")
    path = tmp_path / "sample.0"
    peak = struct.pack("<f", BAND.max())
    content = opus_bytes()
    path.write_bytes(content)
    assert not any("MXY" in note for note in read_series(path).notes)
    path.write_bytes(content.replace(peak, struct.pack("<f", 7.0)))
    assert any("MXY" in note for note in read_series(path).notes)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda content: content[:20], "byte 20"),
        (lambda content: content[:400], "byte 400"),
        (lambda content: content[:-4], "its end"),
        (lambda content: content[:12] + b"\xff\xff\xff\x7f" + content[16:], "byte 12"),
        (lambda content: b"\n\n\xfe\xff" + content[4:], "0A 0A FE FE"),
        (lambda content: content.replace(NPT + b"\x65", NPT + b"\xff"), "missing or corrupted"),
    ],
)  # fmt: skip
def test_a_damaged_opus_file_names_itself_and_the_byte(tmp_path, change, where):
    pytest.importorskip("brukeropus")
    path = tmp_path / "bad.0"
    path.write_bytes(change(opus_bytes()))
    with pytest.raises(DamagedFileError) as caught:
        read_series(path)
    assert "bad.0" in str(caught.value)
    assert where in str(caught.value)


def test_an_opus_file_of_single_channels_is_refused(tmp_path):
    pytest.importorskip("brukeropus")
    path = tmp_path / "background.0"
    path.write_bytes(opus_bytes(1))
    with pytest.raises(DamagedFileError, match="no result spectrum"):
        read_series(path)


NX = struct.pack("<IB", len(AXIS), 1)


# --- OMNIC -------------------------------------------------------------------------------------


def omnic_bytes(spectra, *, unit=17, group=False):
    """Spectra as (name, values); entries at byte 304: 2 a header, 3 values, 107 a name."""
    n_entries = 3 * len(spectra) + 1
    position = 304 + 16 * n_entries
    entries, body = b"", b""

    def add(kind, content):
        nonlocal entries, body
        where = position + len(body)
        entries += struct.pack("<2B2I", kind, 0, where, len(content)).ljust(16, b"\0")
        body += content

    for name, values in spectra:
        header = struct.pack("<4xI4B4B2f", len(AXIS), 1, 0, 0, 0, unit, 0, 0, 0, AXIS[-1], AXIS[0])
        add(2, header.ljust(208, b"\0") + b"measured\0\0")
        add(3, values[::-1].astype("<f4").tobytes())
        add(107, name.encode().ljust(256, b"\0") + struct.pack("<I", 3786879600))
    head = b"Spectral Data File".ljust(30, b"\0") + spectra[0][0].encode().ljust(264, b"\0")
    head += struct.pack("<2H", 3 * len(spectra), 0)[:2] + struct.pack("<I", 3786879600)
    return head.ljust(304, b"\0") + entries.ljust(16 * n_entries, b"\0") + body


@pytest.mark.parametrize(
    ("unit", "quantity", "factor"),
    [(17, "absorbance", 1.0), (16, "transmittance", 100.0), (11, "reflectance", 100.0),
     (20, "kubelka-munk", 1.0), (12, "pseudo-absorbance", 1.0)],
)  # fmt: skip
def test_spa_files_of_every_quantity(tmp_path, unit, quantity, factor):
    pytest.importorskip("spectrochempy_omnic")
    path = tmp_path / "powder_-50C.spa"
    path.write_bytes(omnic_bytes([("powder", factor * BAND)], unit=unit))
    spectrum = one(path)
    assert spectrum.quantity == quantity
    np.testing.assert_allclose(spectrum.wavenumbers_cm1, AXIS)
    np.testing.assert_allclose(spectrum.values, BAND, rtol=1e-6)
    assert spectrum.temperature_k == pytest.approx(223.15)
    assert spectrum.label == "powder_-50C.spa: powder"


def test_a_measured_spa_file(tmp_path):
    """Cyclohexane, Raman: refused as such; as absorbance its strongest line is that at 801 cm⁻¹."""
    pytest.importorskip("spectrochempy_omnic")
    measured = Path(__file__).parents[1] / "data" / "cyclohexane_raman.spa"
    with pytest.raises(InputError, match="holds a Raman spectrum"):
        read_series(measured)
    # The anti-Stokes half cut off, and the units of both axes named otherwise; values untouched.
    content = bytearray(measured.read_bytes())
    header, values = 560, 864
    n, first, last = 3632, *struct.unpack_from("<2f", content, header + 16)
    kept = int(first / (first - last) * (n - 1))
    struct.pack_into("<3I", content, header + 4, kept, 1, 17)
    struct.pack_into("<f", content, header + 20, first + (last - first) * (kept - 1) / (n - 1))
    table_entry = 304 + 16 * 4
    struct.pack_into("<I", content, table_entry + 6, 4 * kept)
    path = tmp_path / "cyclohexane.spa"
    path.write_bytes(content)
    spectrum = one(path)
    assert spectrum.quantity == "absorbance"
    stored = np.frombuffer(bytes(content), "<f4", kept, values)
    np.testing.assert_array_equal(spectrum.values, stored[::-1].astype(np.float64))
    inside = spectrum.wavenumbers_cm1 > 300.0
    top = spectrum.wavenumbers_cm1[inside][spectrum.values[inside].argmax()]
    assert min(abs(top - line) for line in (801.3, 2852.9, 2938.3)) < 4.0, top


def test_spg_groups_and_tables_with_a_row_for_each_spectrum(tmp_path):
    pytest.importorskip("spectrochempy_omnic")
    path = tmp_path / "group.SPG"
    path.write_bytes(omnic_bytes([("first", BAND), ("second", 2.0 * BAND)], group=True))
    table = written(
        tmp_path, "t.csv", "file,temperature / °C\ngroup.SPG,50\ngroup.SPG,-50\n"
    )  # fmt: skip
    series = read_series(path, table=table)
    np.testing.assert_allclose(series.temperatures_k, [323.15, 223.15])
    np.testing.assert_allclose(series.spectra[1].values, 2.0 * BAND, rtol=1e-6)
    table.write_text("file,temperature / °C\n" + "group.SPG,50\n" * 3)
    with pytest.raises(InputError, match="2 spectra and has 3 rows"):
        read_series(path, table=table)


@pytest.mark.parametrize(
    ("change", "where"),
    [
        (lambda content: content[:100], "byte 100"),
        (lambda content: content[:310], "byte 310"),
        (lambda content: content[:500], "byte 500"),
        (lambda content: content[:800], "the values go from byte"),
        (lambda content: content[:304] + b"\0" + content[305:], "no entry for the header"),
        (lambda content: content[:320] + b"\0" + content[321:], "no entry for the values"),
        (lambda content: content.replace(NX, b"\xff" * 4 + b"\1"), "announce [4294967295] points"),
        (lambda content: b"Spectral Data Film" + content[18:], "begins with"),
    ],
)
def test_a_damaged_spa_file_names_itself_and_the_byte(tmp_path, change, where):
    pytest.importorskip("spectrochempy_omnic")
    path = tmp_path / "bad.spa"
    path.write_bytes(change(omnic_bytes([("powder", BAND)])))
    with pytest.raises(DamagedFileError) as caught:
        read_series(path)
    assert "bad.spa" in str(caught.value)
    assert where in str(caught.value)


@pytest.mark.parametrize(
    ("name", "content", "module", "distribution"),
    [
        ("a.jdx", b"##TITLE=a\n##END=\n", "jcamp", "jcamp"),
        ("a.spc", b"\0\x4b" + b"\0" * 600, "spc_io", "spc-io"),
        ("a.0", b"\n\n\xfe\xfe" + b"\0" * 40, "brukeropus.file", "brukeropus"),
        ("a.spa", omnic_bytes([("a", BAND)]), "spectrochempy_omnic", "spectrochempy-omnic"),
    ],
)
def test_a_missing_library_names_its_command(
    tmp_path, monkeypatch, name, content, module, distribution
):
    monkeypatch.setitem(sys.modules, module, None)
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(MissingExtraError) as caught:
        read_series(path)
    assert distribution in caught.value.what
    assert "pip install 'reticulum[spectra]'" in caught.value.fix


# --- folders, tables, names --------------------------------------------------------------------


def plain(folder, name, height=1.0, header="cm-1,absorbance"):
    rows = "".join(f"{x},{height * y}\n" for x, y in zip(AXIS, BAND, strict=True))
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    return written(folder, name, f"{header}\n{rows}")


def test_a_folder_is_ordered_and_its_damaged_files_are_named(tmp_path):
    for cycle in (2, 1):
        for direction in ("cooling", "heating"):
            for t in (100, -100, 0):
                plain(tmp_path, f"MOF_{t}C_c{cycle}_{direction}.csv")
    written(tmp_path, "MOF_50C_c1_heating.csv", "cm-1,absorbance\n1600,0.1\n1601,oops\n")
    written(tmp_path, "README.txt", "measured in spring\n")
    written(tmp_path, ".hidden.csv", "nothing\n")
    series = read_series(tmp_path)
    degrees = np.round(series.temperatures_k - 273.15).astype(int).tolist()
    assert degrees == [-100, 0, 100, 100, 0, -100] * 2
    assert series.cycles.tolist() == [1] * 6 + [2] * 6
    assert {entry.path.name: entry.reason for entry in series.skipped}.keys() == {
        "MOF_50C_c1_heating.csv", "README.txt",
    }  # fmt: skip
    assert "line 3" in series.skipped[0].reason
    with pytest.raises(DamagedFileError, match="oops"):
        read_series(tmp_path, strict=True)


def test_cycles_in_folders_natural_order_and_own_axes(tmp_path):
    plain(tmp_path, "cycle10/a_25C.csv")
    plain(tmp_path, "cycle2/a_25C.csv")
    written(tmp_path, "cycle2/b_50C.csv", "cm-1,absorbance\n1500,1\n1700,2\n")
    series = read_series(tmp_path)
    assert series.cycles.tolist() == [2, 2, 10]
    assert [len(spectrum.values) for spectrum in series.spectra] == [101, 2, 101]


def test_the_table_goes_before_the_header_and_the_header_before_the_name(tmp_path):
    plain(tmp_path, "a_25C.csv", header="# temperature: 50 °C\ncm-1,absorbance")
    plain(tmp_path, "b_25C.csv", header="# temperature: 50 °C\ncm-1,absorbance")
    plain(tmp_path, "c_25C.csv")
    plain(tmp_path, "d.csv", header="cm-1,75 °C")
    table = written(
        tmp_path, "table.csv", "file;temperature;cycle;direction\na_25C.csv;350 K;4;cooling\n"
    )  # fmt: skip
    series = read_series(tmp_path, table=table)
    found = {Path(spectrum.source).name: spectrum for spectrum in series.spectra}
    assert "table.csv" not in found
    temperatures = [found[name].temperature_k for name in sorted(found)]
    np.testing.assert_allclose(temperatures, [350.0, 323.15, 298.15, 348.15])
    assert (found["a_25C.csv"].cycle, found["a_25C.csv"].direction) == (4, "cooling")
    assert any("the table says 350.00 K, its header says 323.15 K" in n for n in series.notes)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("name,temperature\na,1\n", "no column 'file'"),
        ("file,temperature\na.csv,25\n", "temperature '25' without a unit"),
        ("file,temperature\na.csv,warm\n", "temperature 'warm'"),
        ("file,cycle\na.csv,one\n", "cycle 'one'"),
        ("file,direction\na.csv,sideways\n", "direction 'sideways'"),
        ("file,cycle\nb.csv,1\n", "'b.csv', which is not among the files"),
    ],
)
def test_a_wrong_table_names_its_row(tmp_path, text, message):
    plain(tmp_path, "a.csv")
    table = written(tmp_path, "table", text)
    with pytest.raises(InputError) as caught:
        read_series([tmp_path / "a.csv"], table=table)
    assert message in str(caught.value)


def test_repeats_are_numbered_and_none_is_lost(tmp_path):
    for run, height in (("x", 1.0), ("y", 2.0), ("z", 3.0)):
        plain(tmp_path, f"{run}_25C.csv", height)
    series = read_series(tmp_path)
    assert [spectrum.label for spectrum in series.spectra] == [
        f"{run}_25C.csv (repeat {n})" for n, run in enumerate("xyz", start=1)
    ]
    assert "3 spectra at 298.15 K" in series.notes[0]
    assert [round(float(s.values.max() / BAND.max())) for s in series.spectra] == [1, 2, 3]


@pytest.mark.parametrize(
    ("name", "kelvins", "cycle", "direction"),
    [
        ("HKUST-1_-100C.csv", 173.15, None, None),
        ("-100C.csv", 173.15, None, None),
        ("s_minus50degC_cycle2.0", 223.15, 2, None),
        ("25degC_c3_heating.spa", 298.15, 3, "heating"),
        ("MOF-298K_cooling.dpt", 298.0, None, "cooling"),
        ("a_25.5C.csv", 298.65, None, None),
        ("a_25,5 °C cyc-1.csv", 298.65, 1, None),
        ("25C_2.csv", 298.15, None, None),
        ("C2H4.csv", None, None, None),
        ("UiO-66.csv", None, None, None),
        ("25C/c2/run7.csv", 298.15, 2, None),
    ],
)
def test_names_that_are_understood(name, kelvins, cycle, direction):
    found = conditions_in_name(name, pattern=None, unit=None)
    if kelvins is None:
        assert found.temperature_k is None
    else:
        assert found.temperature_k == pytest.approx(kelvins)
    assert (found.cycle, found.direction) == (cycle, direction)


@pytest.mark.parametrize("name", ["MOF-100C.csv", "calcined150C_at25C.csv"])
def test_unclear_names_are_refused(name, tmp_path):
    with pytest.raises(UnstatedError, match=name.replace(".", r"\.")):
        conditions_in_name(name, pattern=None, unit=None)
    path = plain(tmp_path, name, header="# T = 25 °C\ncm-1,absorbance")
    assert one(path).temperature_k == pytest.approx(298.15)  # not needed, so not asked


def test_patterns_for_names(tmp_path):
    pattern = r"-(?P<T>-?\d+)(?P<unit>[CK])_(?P<cycle>\d+)(?P<direction>up|down)"
    found = conditions_in_name("MOF-100C_2up.csv", pattern=pattern, unit=None)
    assert found.temperature_k == pytest.approx(373.15)
    assert (found.cycle, found.direction) == (2, "heating")
    path = plain(tmp_path, "run_0298.csv")
    with pytest.raises(UnstatedError, match="without a unit"):
        read_series(path, pattern=r"_(?P<T>\d+)")
    assert one(path, pattern=r"_(?P<T>\d+)", temperature_unit="K").temperature_k == 298.0
    for wrong, message in (("(", "no regular"), ("x", "named groups"), ("y(?P<T>1)", "not match")):
        with pytest.raises(InputError, match=message):
            read_series(path, pattern=wrong)


def test_sources_without_spectra_are_refused(tmp_path):
    with pytest.raises(InputError, match="No usable spectrum"):
        read_series(tmp_path)
    with pytest.raises(InputError, match="There is no file"):
        read_series(tmp_path / "nothing.csv")
    (tmp_path / "image.png").write_bytes(b"\x89PNG\0\0")
    with pytest.raises(DamagedFileError, match=r"ending '\.png'"):
        read_series(tmp_path / "image.png")
