"""Which codings are offered, and what a Content-Encoding value makes of a body."""

import importlib
import subprocess
import sys
import types
import zlib

import pytest

from aioclient._body import codec_modules, content_coding
from aioclient._body.codec_modules import is_installed, zlib_module
from aioclient._body.content_coding import (
    MAX_CODINGS,
    accept_encoding,
    decoder_for,
)
from aioclient._body.zlib_backend import set_zlib_backend
from aioclient.errors import ClientPayloadError


def gzip(data):
    return zlib.compress(data, wbits=31)


@pytest.fixture
def install(monkeypatch):
    """Say which packages can be found, whatever there is."""

    def install(*names):
        monkeypatch.setattr(codec_modules, "is_installed", lambda name: name in names)

    return install


@pytest.fixture
def restored_backend():
    before = zlib_module()
    yield
    set_zlib_backend(before)


def drain(decoder):
    decoded = b""
    while decoder.has_pending:
        decoded += decoder.decode(b"", 65_536)
    return decoded


def decode(content_encoding, wire):
    decoder = decoder_for(content_encoding)
    decoded = decoder.decode(wire, 65_536) + drain(decoder)
    decoder.finish()
    return decoded


# --- Content-Encoding ----------------------------------------------------------------------------


@pytest.mark.parametrize("value", [None, b"", b" ", b"identity", b"Identity, ,identity", b","])
def test_without_a_coding_there_is_no_decoder(value):
    assert decoder_for(value) is None


@pytest.mark.parametrize(
    "value",
    [b"compress", b"gzip2", b"nonsense, gzip", b"gzip, nonsense", b"gzip;q=1", b"\xff", b"gz ip"],
)
def test_with_an_unknown_coding_nothing_is_decoded(value):
    assert decoder_for(value) is None


@pytest.mark.parametrize(
    "value", [b"gzip", b"x-gzip", b"GZip", b"X-GZIP", b" gzip\t", b"identity, gzip", b",gzip, ,"]
)
def test_names_of_gzip(value):
    assert decode(value, gzip(b"body")) == b"body"


@pytest.mark.parametrize("value", [b"gzip, gzip", b"gzip,x-gzip", b"gzip, identity, gzip"])
def test_gzip_twice(value):
    assert decode(value, gzip(gzip(b"body"))) == b"body"


def test_codings_are_taken_off_in_reverse_order():
    assert decode(b"deflate, gzip", gzip(zlib.compress(b"body"))) == b"body"
    with pytest.raises(ClientPayloadError):
        decode(b"gzip, deflate", gzip(zlib.compress(b"body")))


def test_as_many_codings_as_the_limit_are_decoded():
    wire = b"body"
    for _ in range(MAX_CODINGS):
        wire = gzip(wire)
    assert decode(b"identity, " + b"gzip, " * MAX_CODINGS, wire) == b"body"


@pytest.mark.parametrize("member", [b"gzip", b"nonsense"])
def test_one_coding_over_the_limit_is_refused(member):
    with pytest.raises(ClientPayloadError, match="has 6 codings, more than MAX_CODINGS = 5"):
        decoder_for(b", ".join([member] * (MAX_CODINGS + 1)))


# --- chains --------------------------------------------------------------------------------------


def raw_stored_blocks(count):
    return b"\0\0\0\xff\xff" * count


def test_a_chain_that_decodes_to_nothing_for_long_is_cut_off():
    wire = gzip(raw_stored_blocks(10_000_000))  # 50 MB inside, nothing outside
    decoder = decoder_for(b"deflate, gzip")
    decoder.decode(wire, 0)
    for _ in range(15):  # a call does no more than about 1 MiB
        assert decoder.decode(b"", 65_536) == b""
        assert decoder.has_pending
    with pytest.raises(ClientPayloadError, match="MAX_INNER_SURPLUS_BYTES = 16777216"):
        drain(decoder)


def test_a_chain_that_decodes_to_nothing_for_a_while_goes_on():
    wire = gzip(raw_stored_blocks(1_000_000) + b"\x03\0")
    assert decode(b"deflate, gzip", wire) == b""


def test_output_before_an_error_inside_a_chain_is_handed_over_first():
    inner = gzip(b"member") + b"\x1f\x8b\xff" + bytes(20)
    decoder = decoder_for(b"gzip, gzip")
    assert decoder.decode(gzip(inner), 100) == b"member"
    assert decoder.has_pending
    with pytest.raises(ClientPayloadError, match="not valid gzip"):
        decoder.decode(b"", 100)


def test_a_chain_whose_inner_body_is_cut_off_is_an_error():
    with pytest.raises(ClientPayloadError, match="gzip body is cut off"):
        decode(b"gzip, gzip", gzip(gzip(b"body")[:-1]))


# --- what is there -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "value"),
    [
        ((), "gzip, deflate"),
        (("brotli",), "gzip, deflate, br"),
        (("brotlicffi",), "gzip, deflate, br"),
        (("backports.zstd",), "gzip, deflate, zstd"),
        (("brotli", "backports.zstd"), "gzip, deflate, br, zstd"),
    ],
)
def test_codings_are_offered_whose_packages_are_there(install, names, value):
    install(*names)
    assert accept_encoding() == value


@pytest.mark.skipif(sys.version_info < (3, 14), reason="compression.zstd came with Python 3.14")
def test_zstd_of_the_standard_library_is_offered(install):
    install("_zstd")
    assert accept_encoding() == "gzip, deflate, zstd"


@pytest.mark.parametrize("value", [b"br", b"zstd", b"gzip, br"])
def test_a_coding_without_its_package_is_left_alone(install, value):
    install()
    assert decoder_for(value) is None


def test_a_module_that_is_blocked_does_not_count_as_installed(monkeypatch):
    monkeypatch.setitem(sys.modules, "brotli", None)
    assert not is_installed.__wrapped__("brotli")
    assert not is_installed.__wrapped__("no_such_parent.module")


@pytest.mark.parametrize(
    ("value", "name"), [(b"br", "brotli"), (b"br", "brotlicffi"), (b"zstd", "backports.zstd")]
)
def test_a_package_that_cannot_be_imported_is_a_payload_error(install, monkeypatch, value, name):
    install(name)
    monkeypatch.setitem(sys.modules, name, None)
    decoder = decoder_for(value)
    message = f"^{value.decode()} body cannot be decoded: package {name} is installed, but"
    with pytest.raises(ClientPayloadError, match=message) as caught:
        decoder.decode(b"some", 100)
    assert isinstance(caught.value.__cause__, ImportError)


def test_finding_out_imports_no_codec():
    script = (
        "import sys\n"
        "from aioclient._body.content_coding import accept_encoding, decoder_for\n"
        "accept_encoding()\n"
        "for value in b'gzip', b'br', b'zstd, deflate': decoder_for(value)\n"
        "names = 'brotli', 'brotlicffi', 'backports.zstd', 'compression.zstd', 'isal', 'zlib_ng'\n"
        "print([name for name in names if name in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


# --- Brotli packages -----------------------------------------------------------------------------


class OldBrotli(types.ModuleType):
    """Brotli before 1.2: no limit for the output."""

    def __init__(self, real):
        super().__init__("brotli")
        self.error = real.error
        self.sizes = sizes = []

        class Decompressor:
            def __init__(self):
                self._real = real.Decompressor()
                self.is_finished = self._real.is_finished

            def process(self, data):
                sizes.append(len(data))
                return self._real.process(data)

        self.Decompressor = Decompressor


def test_an_old_brotli_gets_little_input_at_a_time(monkeypatch):
    real = pytest.importorskip("brotli", reason="brotli is not installed")
    old = OldBrotli(real)
    monkeypatch.setitem(sys.modules, "brotli", old)
    decoder = decoder_for(b"br")
    decoded = len(decoder.decode(real.compress(bytes(50_000_000)) + b"\n", 65_536))
    assert decoded == 65_536
    while decoder.has_pending:
        piece = decoder.decode(b"", 65_536)
        assert len(piece) <= 65_536
        decoded += len(piece)
    decoder.finish()
    assert decoded == 50_000_000
    assert max(old.sizes) <= 16


def test_a_brotli_package_of_another_make_is_a_payload_error(monkeypatch):
    monkeypatch.setattr(codec_modules, "is_installed", lambda name: name == "brotli")
    monkeypatch.setitem(sys.modules, "brotli", types.ModuleType("brotli"))
    with pytest.raises(ClientPayloadError, match="package brotli is installed, but cannot be used"):
        decoder_for(b"br").decode(b"some", 100)


def test_brotlicffi_decodes_br(install):
    brotlicffi = pytest.importorskip("brotlicffi", reason="brotlicffi is not installed")
    install("brotlicffi")
    body = b"body " * 100_000
    assert decode(b"br", brotlicffi.compress(body) + b"\r\n") == body


# --- zlib backends -------------------------------------------------------------------------------


@pytest.mark.usefixtures("restored_backend")
@pytest.mark.parametrize("name", ["isal.isal_zlib", "zlib_ng.zlib_ng", "zlib"])
def test_a_zlib_backend_is_used(name):
    module = pytest.importorskip(name, reason=f"{name} is not installed")
    used = []

    class Spy:
        compressobj, crc32, error = module.compressobj, module.crc32, module.error

        @staticmethod
        def decompressobj(window_bits):
            used.append(window_bits)
            return module.decompressobj(window_bits)

    set_zlib_backend(Spy)
    assert decode(b"gzip", gzip(b"body")) == b"body"
    assert decode(b"deflate", zlib.compress(b"body")) == b"body"
    assert used == [31, 15]


@pytest.mark.usefixtures("restored_backend")
def test_a_zlib_backend_that_lacks_something_is_refused():
    with pytest.raises(TypeError, match=r"has no compressobj, crc32$"):
        set_zlib_backend(types.SimpleNamespace(decompressobj=zlib.decompressobj, error=zlib.error))
    assert content_coding.decoder_for(b"gzip") is not None


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("isal", "zlib_ng"), "isal.isal_zlib"),
        (("zlib_ng",), "zlib_ng.zlib_ng"),
        ((), "zlib"),
    ],
)
def test_the_default_zlib_backend(install, monkeypatch, names, expected):
    module = pytest.importorskip(expected, reason=f"{expected} is not installed")
    install(*names)
    monkeypatch.setattr("aioclient._body.zlib_backend.choice.backend", None)
    assert zlib_module() is module


def test_a_zlib_backend_that_cannot_be_imported_is_passed_over(install, monkeypatch):
    install("isal")
    monkeypatch.setitem(sys.modules, "isal.isal_zlib", None)
    monkeypatch.setattr("aioclient._body.zlib_backend.choice.backend", None)
    assert zlib_module() is importlib.import_module("zlib")
