"""The phone sources in Kotlin through Kotlin's own compiler, for every family, against stubs of what Android and LiteRT declare.

It needs Java. The compiler comes from npm, once, unless KOTLINC=PATH says where one is.
"""

import contextlib
import dataclasses
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

import zoo
from tests.export.networks import pictures
from tests.export.npm import npm_package
from tests.export.test_mobile import DEPLOYABLE
from zoo.export import mobile
from zoo.export.export import export_model

pytestmark = pytest.mark.long
VERSION = "2.4.20"  # of npm's kotlin-compiler
# Written by hand after Android's and LiteRT's documentation, as far as the sources use them; not LiteRT's own declarations.
STUBS = {
    "android/content": """
class AssetManager
abstract class Context { val assets = AssetManager() }
""",
    "android/util": """
object Log { fun w(tag: String, message: String, error: Throwable): Int = 0 }
""",
    "android/graphics": """
class Rect(val left: Int, val top: Int, val right: Int, val bottom: Int) {
    fun width(): Int = right - left
    fun height(): Int = bottom - top
}
class Paint(flags: Int) { companion object { const val FILTER_BITMAP_FLAG = 2 } }
class Canvas(bitmap: Bitmap) {
    fun drawBitmap(bitmap: Bitmap, from: Rect?, to: Rect, paint: Paint?) {}
}
class Bitmap private constructor(val width: Int, val height: Int) {
    enum class Config { ARGB_8888, HARDWARE }
    val config: Config? = null
    fun copy(config: Config, mutable: Boolean): Bitmap = this
    fun getPixels(pixels: IntArray, offset: Int, stride: Int, x: Int, y: Int, width: Int, height: Int) {}
    fun recycle() {}
    companion object {
        fun createBitmap(width: Int, height: Int, config: Config): Bitmap = Bitmap(width, height)
        fun createBitmap(colors: IntArray, width: Int, height: Int, config: Config): Bitmap = Bitmap(width, height)
        fun createBitmap(source: Bitmap, x: Int, y: Int, width: Int, height: Int): Bitmap = Bitmap(width, height)
    }
}
""",
    "com/google/ai/edge/litert": """
import android.content.AssetManager
enum class Accelerator { NONE, CPU, GPU, NPU }
class LiteRtException(message: String) : Exception(message)
class Environment
class TensorBuffer : AutoCloseable {
    fun writeFloat(data: FloatArray) {}
    fun writeInt(data: IntArray) {}
    fun readFloat(): FloatArray = FloatArray(0)
    override fun close() {}
}
class CompiledModel private constructor() : AutoCloseable {
    class Options(vararg accelerators: Accelerator)
    fun createInputBuffer(name: String, signature: String? = null): TensorBuffer = TensorBuffer()
    fun createOutputBuffer(name: String, signature: String? = null): TensorBuffer = TensorBuffer()
    fun run(inputs: Map<String, TensorBuffer>, outputs: Map<String, TensorBuffer>, signature: String? = null) {}
    override fun close() {}
    companion object {
        fun create(assets: AssetManager, name: String, options: Options, environment: Environment? = null) = CompiledModel()
    }
}
""",
}


@pytest.fixture(scope="module")
def kotlinc(request):
    """Kotlin's compiler, out of the package from npm, which is kept; several processes may fetch it at once."""
    if not shutil.which("java"):
        pytest.skip("no Java, which Kotlin's compiler runs on; on Debian and Ubuntu: apt-get install default-jre-headless")
    if os.environ.get("KOTLINC"):
        return os.environ["KOTLINC"]
    cache = request.config.cache.mkdir("kotlin-compiler")
    folder = cache / VERSION
    if not folder.is_dir():
        with npm_package("kotlin-compiler", VERSION, pytest.skip) as archive, tempfile.TemporaryDirectory(dir=cache) as unpacked:
            archive.extractall(unpacked, filter="data")
            with contextlib.suppress(OSError):  # another process was first
                (Path(unpacked) / "package").rename(folder)
    return folder / "bin" / "kotlinc"


def compiled(kotlinc, sources, folder):
    """What Kotlin's compiler says of the sources, by package; nothing where all is well."""
    for package, text in {**STUBS, **sources}.items():
        file = folder / package / "Source.kt"
        file.parent.mkdir(parents=True)
        file.write_text(f"package {package.replace('/', '.')}\n{re.sub(r'(?m)^package .*$', '', text)}")
    command = [str(kotlinc), "-nowarn", "-d", str(folder / "classes"), *map(str, folder.rglob("*.kt"))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)
    return [line for line in done.stderr.splitlines() if "error:" in line] or [done.stderr] * bool(done.returncode)


def test_sources_of_every_family_compile(kotlinc, tmp_path):
    base = zoo.create("fast_style", preset="tiny")
    manifest = export_model(
        base, tmp_path / "out", name="base", formats=("litert",), precisions=("float16",), sizes=((48, 64),), pictures=pictures()
    )
    sources = {}
    for name in [*DEPLOYABLE, "fast_style with styles"]:
        model = zoo.create(name.split()[0], preset="tiny", **({"styles": 3} if " " in name else {}))
        for number, signature in enumerate(model.signatures.values()):
            if "output_image" in signature.outputs:
                variant = dataclasses.replace(manifest, model=model.name, signature=signature)
                texts = mobile.texts(variant, {artifact.path: 1 for artifact in manifest.artifacts}, model.task)
                (kotlin,) = (text for file, text in texts.items() if file.endswith(".kt"))
                sources[f"variant_{len(sources)}_{number}"] = kotlin
    assert len(sources) >= len(DEPLOYABLE)
    assert compiled(kotlinc, sources, tmp_path / "src") == []
    broken = {"broken": next(iter(sources.values())).replace("readFloat()", "readFloats()")}
    (line,) = compiled(kotlinc, broken, tmp_path / "broken")
    assert "readFloats" in line
